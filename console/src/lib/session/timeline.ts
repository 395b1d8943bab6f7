/** A stretch of time in which something happened, and where it is drawn: all in milliseconds. */
interface Stretch {
  from: number
  to: number
  at: number
  /** How long it is drawn: less than it took, if the session rested in it. */
  length: number
  /** Whether time was left out before it. */
  isFolded: boolean
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
  /** Time in it in which nothing happened. */
  rested?: number
}

/** Gaps that are longer than this and than a part of all activity are folded. */
const GAP_MIN = 4_000
const GAP_PART = 0.08
/** How much of the drawn time a fold takes, and all of them together. */
const FOLD_PART = 0.025
const FOLDS_PART = 0.3

export function timeline(spans: readonly Span[]): Timeline {
  const sorted = [...spans].sort((one, other) => one.from - other.from)
  const active = sorted.reduce((sum, span) => sum + lengthOf(span), 0)
  const merged = joined(sorted, Math.max(GAP_MIN, active * GAP_PART))
  const drawn = merged.reduce((sum, span) => sum + lengthOf(span), 0)
  const folds = merged.filter((span) => span.isFolded).length
  const fold = drawn * Math.min(FOLD_PART, FOLDS_PART / Math.max(1, folds))
  let at = 0
  const stretches = merged.map((span) => {
    if (span.isFolded) at += fold
    const length = lengthOf(span)
    const stretch = { from: span.from, to: span.to, at, length, isFolded: span.isFolded }
    at += length
    return stretch
  })
  return { stretches, length: Math.max(1, at), fold }
}

function lengthOf({ from, to, rested = 0 }: Span): number {
  return Math.max(0, to - from - rested)
}

/** Spans that lie close together are one, but those that rested in between, which have a pace of their own. */
function joined(sorted: readonly Span[], gap: number): (Span & { isFolded: boolean })[] {
  const merged: (Span & { isFolded: boolean })[] = []
  for (const { from, to, rested } of sorted) {
    const last = merged.at(-1)
    const isNear = last !== undefined && from - last.to <= gap
    if (isNear && rested === undefined && last.rested === undefined) {
      last.to = Math.max(last.to, to)
      continue
    }
    // Near ones touch, so that no time between them is lost.
    const begins = isNear ? last.to : from
    const end = Math.max(begins + 1, to)
    merged.push({
      from: begins,
      to: end,
      ...(rested === undefined ? {} : { rested }),
      isFolded: last !== undefined && !isNear,
    })
  }
  return merged
}

/** Where a moment is drawn. One within a fold is at its beginning. */
export function placeOf({ stretches, length }: Timeline, time: number): number {
  let place = 0
  for (const stretch of stretches) {
    if (time < stretch.from) return place
    place = stretch.at + (Math.min(time, stretch.to) - stretch.from) * paceOf(stretch)
  }
  return Math.min(place, length)
}

/** Which moment is drawn there. */
export function timeAt({ stretches }: Timeline, place: number): number {
  const stretch = stretches.findLast((known) => known.at <= place) ?? stretches[0]
  if (!stretch) return 0
  const pace = paceOf(stretch)
  return pace === 0
    ? stretch.from
    : Math.min(stretch.to, stretch.from + Math.max(0, place - stretch.at) / pace)
}

/** How much is drawn for a millisecond. */
function paceOf({ from, to, length }: Stretch): number {
  return length / (to - from)
}

/** Steps for a ruler: about so many, of a round number of milliseconds. */
export function stepOf(length: number, about: number): number {
  const rough = length / Math.max(1, about)
  const steps = [10, 50, 100, 250, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 18e5, 36e5, 216e5, 864e5]
  return steps.find((step) => step >= rough) ?? 864e5
}
