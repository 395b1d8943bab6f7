import { Button } from '@/components/ui/button'
import { count } from '@/lib/format'
import { type Gap, touch } from '@/lib/session/held'
import type { Followed, FollowedStore } from '../live'

interface GapLineProps {
  gap: Gap
  followed: Followed
  store: FollowedStore
  isFirst: boolean
}

/** Where events are missing: how many, and what becomes of it. */
export function GapLine({ gap, followed: { reading, faults }, store, isFirst }: GapLineProps) {
  const isReading = reading !== undefined && touch(reading, gap)
  const failed = faults.find(({ page }) => touch(page, gap))
  const events = `${count(gap.to - gap.from + 1)} ${isFirst ? 'older events' : 'events between'}`
  return (
    <div className="flex min-h-10 flex-wrap items-center gap-3 border-y border-dashed bg-hover/40 px-4 py-1 text-muted text-sm sm:px-6">
      <span role="status" className="num grow">
        {isReading
          ? `Reading ${events}…`
          : failed
            ? `Not read: ${failed.error.message}`
            : `${events} not shown`}
      </span>
      {isReading ? (
        <Button size="sm" look="quiet" onClick={store.cancel}>
          Stop
        </Button>
      ) : (
        <Button size="sm" onClick={() => (failed ? store.readAgain(failed) : store.readBefore(gap))}>
          {failed ? 'Try again' : 'Show'}
        </Button>
      )}
    </div>
  )
}
