import type { ComponentProps } from 'react'
import { cx } from '@/lib/classes'
import { Tip } from './tooltip'

type Look = 'plain' | 'main' | 'quiet' | 'danger'

const LOOKS: Record<Look, string> = {
  main: 'bg-accent text-on-accent hover:bg-accent-hover border-transparent',
  plain: 'bg-raised text-ink border-control/60 hover:bg-hover',
  quiet: 'bg-transparent text-muted border-transparent hover:bg-hover hover:text-ink',
  danger: 'bg-transparent text-bad border-bad/50 hover:bg-bad-soft',
}

const BASE =
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap ' +
  'transition-colors disabled:opacity-50 select-none'

/** How a link looks that stands where a button would, but leads somewhere else. */
export function linkLook(look: Look, className?: string): string {
  return cx(BASE, LOOKS[look], 'h-8 px-3 text-base', className)
}

interface ButtonProps extends ComponentProps<'button'> {
  look?: Look
  size?: 'md' | 'sm'
  /** Under way: the button waits, and says so to a screen reader. */
  busy?: boolean
}

export function Button({
  look = 'plain',
  size = 'md',
  busy = false,
  className,
  children,
  ...rest
}: ButtonProps) {
  const measure = size === 'md' ? 'h-8 px-3 text-base' : 'h-7 px-2 text-sm'
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
      className={cx(BASE, LOOKS[look], measure, busy && 'animate-breathe', className)}
    >
      {children}
    </button>
  )
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'aria-label'> {
  /** What it does: read aloud, and shown as a tip. */
  label: string
  look?: Look
  size?: 'md' | 'sm'
}

export function IconButton({ label, look = 'quiet', size = 'md', className, ...rest }: IconButtonProps) {
  return (
    <Tip text={label}>
      <button
        type="button"
        aria-label={label}
        {...rest}
        className={cx(BASE, LOOKS[look], size === 'md' ? 'size-8' : 'size-6', '[&_svg]:size-4', className)}
      />
    </Tip>
  )
}
