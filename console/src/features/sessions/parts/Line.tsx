import type { LucideIcon } from 'lucide-react'
import type { MouseEvent, ReactNode } from 'react'
import { cx } from '@/lib/classes'
import { clock } from '@/lib/format'

interface LineProps {
  at?: string | null | undefined
  icon: LucideIcon
  tone?: 'warn' | 'bad' | 'accent' | undefined
  isSelected: boolean
  onSelect: () => void
  className?: string
  children: ReactNode
}

const TONES = { warn: 'text-warn', bad: 'text-bad', accent: 'text-accent' }

/** The frame of every line of the transcript: icon, content, time. A click shows it in the inspector. */
export function Line({ at, icon: Icon, tone, isSelected, onSelect, className, children }: LineProps) {
  const select = (event: MouseEvent) => {
    const isText = (getSelection()?.toString() ?? '') !== ''
    const isControl =
      event.target instanceof Element && event.target.closest('button, a, input, textarea, pre')
    if (!isText && !isControl) onSelect()
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the time is a button that does the same
    // biome-ignore lint/a11y/noStaticElementInteractions: as above
    <div
      onClick={select}
      className={cx(
        'group/line flex gap-3 px-4 py-2 sm:px-6',
        isSelected ? 'bg-selected' : 'hover:bg-hover/50',
        tone === 'warn' && !isSelected && 'bg-warn-soft/40',
        className,
      )}
    >
      <Icon aria-hidden className={cx('mt-0.5 size-4 shrink-0', tone ? TONES[tone] : 'text-faint')} />
      <div className="min-w-0 grow">{children}</div>
      {at && (
        <button
          type="button"
          onClick={onSelect}
          aria-label={`Inspect what happened at ${clock(at)}`}
          className="num h-5 shrink-0 text-faint text-xs max-sm:hidden hover:text-accent"
        >
          {clock(at)}
        </button>
      )}
    </div>
  )
}
