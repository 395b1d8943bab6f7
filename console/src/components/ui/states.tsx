import { CircleAlert, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { type ApiError, asApiError } from '@/lib/api/error'
import { cx } from '@/lib/classes'
import { Button } from './button'
import { CodeLine, CopyableId } from './copy'

/** Grey bars where rows will be. They appear after 300 ms, so that what is quick does not flicker. */
export function Skeleton({ rows = 6, className }: { rows?: number; className?: string }) {
  const widths = ['w-7/12', 'w-9/12', 'w-5/12', 'w-8/12', 'w-6/12']
  return (
    <div role="status" aria-label="Loading" className={cx('animate-late', className)}>
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((key, row) => (
        <div key={key} className="flex h-9 items-center px-4 sm:px-6">
          <div className={cx('h-2.5 animate-breathe rounded-full bg-hover', widths[row % widths.length])} />
        </div>
      ))}
    </div>
  )
}

interface EmptyProps {
  icon?: LucideIcon
  /** One sentence. */
  children: ReactNode
  /** One button or link. */
  action?: ReactNode
  /** One line for the shell that gets there too. */
  command?: string
}

export function EmptyState({ icon: Icon, children, action, command }: EmptyProps) {
  return (
    <div
      data-empty=""
      className="mx-auto flex w-full max-w-3xl flex-col items-center gap-4 px-6 py-16 text-center"
    >
      {Icon && <Icon aria-hidden className="size-6 text-faint" strokeWidth={1.5} />}
      <p className="max-w-md text-balance text-muted">{children}</p>
      {action}
      {command && <CodeLine text={command} />}
    </div>
  )
}

/** What, why, what to do, request id; in the place of what could not be shown. */
export function ErrorState({ error, what, onRetry }: { error: unknown; what: string; onRetry?: () => void }) {
  const told = asApiError(error)
  return (
    <div role="alert" className="mx-auto flex max-w-xl flex-col items-start gap-3 px-6 py-16">
      <h2 className="flex items-center gap-2 font-semibold">
        <CircleAlert aria-hidden className="size-4 text-bad" />
        {what}
      </h2>
      <p className="text-muted first-letter:uppercase">
        {told.message.replace(/[^.!?]$/, '$&.')} {told.advice}
      </p>
      {told.requestId && <RequestId id={told.requestId} />}
      {onRetry && <Button onClick={onRetry}>Try again</Button>}
    </div>
  )
}

/** The same within a form or a dialog. */
export function ErrorNote({ error, className }: { error: ApiError; className?: string }) {
  return (
    <div role="alert" className={cx('flex flex-col gap-1 rounded-md bg-bad-soft px-3 py-2', className)}>
      <p className="first-letter:uppercase">
        {error.message.replace(/[^.!?]$/, '$&.')} <span className="text-muted">{error.advice}</span>
      </p>
      {error.requestId && <RequestId id={error.requestId} />}
    </div>
  )
}

function RequestId({ id }: { id: string }) {
  return (
    <p className="flex items-center gap-1 text-muted text-sm">
      Request <CopyableId id={id} whole />
    </p>
  )
}
