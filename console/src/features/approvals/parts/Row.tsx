import { Rocket, TriangleAlert, Wrench } from 'lucide-react'
import { Elapsed } from '@/components/ui/time'
import type { ApprovalItem } from '@/lib/api/people'
import { cx } from '@/lib/classes'
import { plural } from '@/lib/format'

export function Row({
  item,
  isCurrent,
  onChoose,
}: {
  item: ApprovalItem
  isCurrent: boolean
  onChoose: () => void
}) {
  const Icon = item.type === 'rollout' ? Rocket : Wrench
  return (
    <button
      type="button"
      role="option"
      aria-selected={isCurrent}
      onClick={onChoose}
      className={cx(
        'flex w-full items-start gap-2.5 border-b px-4 py-2.5 text-left text-sm hover:bg-hover',
        isCurrent && 'bg-selected hover:bg-selected',
      )}
    >
      <span
        aria-hidden
        className="hatched mt-0.5 flex size-6 shrink-0 items-center justify-center rounded-md bg-warn-soft text-warn"
      >
        <Icon className="size-3.5" />
      </span>
      <span className="min-w-0 grow">
        <span className="flex items-baseline gap-2">
          <span className="truncate font-medium">{item.type === 'rollout' ? item.request : item.name}</span>
          <span className="ml-auto shrink-0 text-faint text-xs">
            <Elapsed since={item.since} />
          </span>
        </span>
        <span className="flex items-center gap-2 text-muted">
          <span className="truncate">
            {item.type === 'rollout'
              ? `rollout · ${plural(item.still_needed, 'approval')} missing`
              : `${item.agent.name ?? 'agent'}${item.session_title ? ` · ${item.session_title}` : ''}`}
          </span>
          {item.type === 'tool_call' && item.effect === 'unsafe' && (
            <span className="ml-auto inline-flex shrink-0 items-center gap-1 text-bad text-xs">
              <TriangleAlert aria-hidden className="size-3" />
              unsafe
            </span>
          )}
        </span>
      </span>
    </button>
  )
}
