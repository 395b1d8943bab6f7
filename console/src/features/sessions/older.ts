import type { Virtualizer } from '@tanstack/react-virtual'
import { useEffect } from 'react'
import { gapBefore, seqNear, touch } from '@/lib/session/held'
import type { Followed, FollowedStore } from './live'

/** Lines before one that is missing at which it is read: about two screens. */
const AHEAD = 40

/** Reads what is missing next to what is in view, before somebody gets there. */
export function useOlder(
  { range, scrollDirection }: Pick<Virtualizer<HTMLDivElement, Element>, 'range' | 'scrollDirection'>,
  { held, isOpen, reading, faults, isStopped }: Followed,
  store: FollowedStore,
  follows: boolean,
) {
  const { startIndex = 0, endIndex = 0 } = range ?? {}
  const isDown = scrollDirection === 'forward'
  useEffect(
    () => store.lookAt(follows ? undefined : seqNear(held, startIndex)),
    [store, follows, held, startIndex],
  )
  useEffect(() => {
    // Who looks at the end has asked for nothing older; what failed or was stopped is read on by hand.
    if (!isOpen || reading || isStopped || follows) return
    const gapAt = (start: number | undefined) => {
      const gap = start === undefined ? undefined : gapBefore(held, start)
      return gap && faults.some(({ page }) => touch(page, gap)) ? undefined : gap
    }
    const near = held.starts.filter(
      (start) => startIndex - AHEAD < start && start <= endIndex + AHEAD && gapAt(start),
    )
    const below = near.find((start) => start > endIndex)
    const above = near.findLast((start) => start <= endIndex)
    const [gapBelow, gapAbove] = [gapAt(below), gapAt(above)]
    if (isDown && gapBelow) store.readAfter(gapBelow)
    else if (gapAbove && (!isDown || (above ?? 0) >= startIndex)) store.readBefore(gapAbove)
  }, [held, isOpen, reading, faults, isStopped, follows, startIndex, endIndex, isDown, store])
}
