/** A stretch of time in which something happened, and where it is drawn: both in milliseconds. */
interface Stretch {
  from: number
  to: number
  at: number
}

/** Time with its idle gaps folded: what is drawn is what happened. */
export interface Timeline {
  stretches: readonly Stretch[]
  /** The drawn length. */
  length: number
  /** How long a folded gap is drawn. */
  fold: number
}

interface Span {
  from: number
  to: number
}

/** Gaps that are longer than this and than a part of all activity are folded. */
const GAP_MIN = 4_000
const GAP_PART = 0.08

export function timeline(spans: readonly Span[]): Timeline {
  const sorted = [...spans].sort((one, other) => one.from - other.from)
  const active = sorted.reduce((sum, span) => sum + Math.max(0, span.to - span.from), 0)
  const gap = Math.max(GAP_MIN, active * GAP_PART)
  const merged: Span[] = []
  for (const { from, to } of sorted) {
    const last = merged.at(-1)
    if (last && from - last.to <= gap) last.to = Math.max(last.to, to)
    else merged.push({ from, to: Math.max(from + 1, to) })
  }
  const drawn = merged.reduce((sum, span) => sum + span.to - span.from, 0)
  const fold = drawn * 0.025
  let at = 0
  const stretches = merged.map(({ from, to }) => {
    const stretch = { from, to, at }
    at += to - from + fold
    return stretch
  })
  return { stretches, length: Math.max(1, at - fold), fold }
}

/** Where a moment is drawn. One within a fold is at its beginning. */
export function placeOf({ stretches, length }: Timeline, time: number): number {
  let place = 0
  for (const { from, to, at } of stretches) {
    if (time < from) return place
    place = at + Math.min(time, to) - from
  }
  return Math.min(place, length)
}

/** Which moment is drawn there. */
export function timeAt({ stretches }: Timeline, place: number): number {
  const stretch = stretches.findLast((known) => known.at <= place) ?? stretches[0]
  return stretch ? Math.min(stretch.to, stretch.from + Math.max(0, place - stretch.at)) : 0
}

/** Steps for a ruler: about so many, of a round number of milliseconds. */
export function stepOf(length: number, about: number): number {
  const rough = length / Math.max(1, about)
  const steps = [10, 50, 100, 250, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 18e5, 36e5, 216e5, 864e5]
  return steps.find((step) => step >= rough) ?? 864e5
}
