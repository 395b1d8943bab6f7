import { renderHook } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { ApiError } from '@/lib/api/error'
import { gapsOf, heldOf } from '@/lib/session/held'
import type { SessionEvent } from '@/lib/session/log'
import plain from '@/lib/session/recorded/plain.json'
import { replay } from '@/lib/session/reduce'
import type { Fault, Followed, FollowedStore } from './live'
import { useOlder } from './older'

const turn = plain as unknown as SessionEvent[]
const part = (from: number) =>
  replay(turn.map((event, n) => ({ ...event, id: `sevt_${from + n}`, seq: from + n }) as SessionEvent))

const held = heldOf([part(1_001), part(2_001)])
const [above, below] = gapsOf(held)
const error = new ApiError({ status: 500, kind: 'api_error', message: 'no' })
const faultAt = (page = above): Fault => ({ page: page ?? { from: 1, to: 1 }, near: 1, error })

/** Scrolls over the first part, with something missing above it and below. */
function scroll(scrollDirection: 'forward' | 'backward', faults: Fault[]) {
  const store = { lookAt: vi.fn(), readBefore: vi.fn(), readAfter: vi.fn() }
  const followed = { held, isOpen: true, reading: undefined, faults, isStopped: false } as unknown as Followed
  const virtual = { range: { startIndex: 0, endIndex: (held.starts[1] ?? 1) - 1 }, scrollDirection }
  renderHook(() => useOlder(virtual, followed, store as unknown as FollowedStore, false))
  return store
}

it('reads what is missing next, in the direction of the scrolling', () => {
  expect(scroll('backward', []).readBefore).toHaveBeenCalledWith(above)
  expect(scroll('forward', []).readAfter).toHaveBeenCalledWith(below)
})

it('leaves alone what was not read, and that alone', () => {
  const up = scroll('backward', [faultAt(above)])
  expect(up.readBefore).not.toHaveBeenCalled()
  expect(up.readAfter).not.toHaveBeenCalled()
  expect(scroll('forward', [faultAt(above)]).readAfter).toHaveBeenCalledWith(below)
  expect(scroll('backward', [faultAt(below)]).readBefore).toHaveBeenCalledWith(above)
  expect(scroll('backward', [faultAt({ from: 4_001, to: 4_300 })]).readBefore).toHaveBeenCalledWith(above)
})
