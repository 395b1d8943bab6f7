import {
  Ban,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CirclePause,
  CircleX,
  Clock3,
  Hand,
  type LucideIcon,
  RotateCcw,
} from 'lucide-react'
import { cx } from '@/lib/classes'
import { words } from '@/lib/format'

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'calm'

const INK: Record<Tone, string> = {
  good: 'text-good',
  warn: 'text-warn',
  bad: 'text-bad',
  busy: 'text-busy',
  calm: 'text-muted',
}

const SOFT: Record<Tone, string> = {
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  busy: 'bg-busy-soft text-busy',
  calm: 'bg-hover text-muted',
}

/** How each word of the API looks. A word that is not here is shown calm, as it is. */
const LOOKS: Record<string, [Tone, LucideIcon]> = {
  running: ['busy', CircleDot],
  rescheduling: ['warn', RotateCcw],
  queued: ['calm', Clock3],
  pending: ['calm', Clock3],
  waiting: ['warn', Hand],
  requires_action: ['warn', Hand],
  pending_approval: ['warn', Hand],
  proposed: ['warn', Hand],
  idle: ['calm', CirclePause],
  paused: ['calm', CirclePause],
  suspended: ['warn', CirclePause],
  completed: ['good', CircleCheck],
  success: ['good', CircleCheck],
  succeeded: ['good', CircleCheck],
  approved: ['good', CircleCheck],
  delivered: ['good', CircleCheck],
  healthy: ['good', CircleCheck],
  active: ['good', CircleCheck],
  ready: ['good', CircleCheck],
  none: ['good', CircleCheck],
  failed: ['bad', CircleX],
  failure: ['bad', CircleX],
  rejected: ['bad', CircleX],
  critical: ['bad', CircleAlert],
  high: ['bad', CircleAlert],
  medium: ['warn', CircleAlert],
  impossible: ['bad', CircleX],
  given_up: ['bad', CircleX],
  deployment_failed: ['bad', CircleX],
  anomalies_remain: ['warn', CircleAlert],
  begun: ['busy', CircleDot],
  void: ['calm', Ban],
  cancelled: ['calm', Ban],
  terminated: ['calm', Ban],
  revoked: ['calm', Ban],
  archived: ['calm', Ban],
  expired: ['calm', Ban],
}

export function lookOf(status: string): [Tone, LucideIcon] {
  return LOOKS[status] ?? ['calm', CircleDashed]
}

interface StatusProps {
  /** The word of the API. */
  status: string
  /** Another word to show for it. */
  word?: string
  className?: string
}

/** A state: colour, icon and word. */
export function Status({ status, word, className }: StatusProps) {
  const [tone, Icon] = lookOf(status)
  return (
    <span className={cx('inline-flex items-center gap-1.5 whitespace-nowrap', INK[tone], className)}>
      <Icon aria-hidden className={cx('size-3.5 shrink-0', status === 'running' && 'animate-breathe')} />
      {word ?? words(status)}
    </span>
  )
}

/** The same under a heading that says the word: the icon alone, with its word for who does not see it. */
export function StatusIcon({ status, word, className }: StatusProps) {
  const [tone, Icon] = lookOf(status)
  return (
    <span className={cx('inline-flex shrink-0', INK[tone], className)}>
      <Icon aria-hidden className={cx('size-4', status === 'running' && 'animate-breathe')} />
      <span className="sr-only">{word ?? words(status)}</span>
    </span>
  )
}

/** A small word on a ground: a role, a kind, a count. */
export function Badge({
  tone = 'calm',
  children,
  className,
}: {
  tone?: Tone
  children: React.ReactNode
  className?: string
}) {
  return (
    <span
      className={cx(
        'num inline-flex h-5 items-center gap-1 rounded-sm px-1.5 font-medium text-xs whitespace-nowrap',
        SOFT[tone],
        className,
      )}
    >
      {children}
    </span>
  )
}
