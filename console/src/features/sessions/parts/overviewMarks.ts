import { gapsOf, type Held, type Stretch, tailOf } from '@/lib/session/held'
import type { Bar, Lane, SessionLog } from '@/lib/session/log'
import { type Timeline, timeline } from '@/lib/session/timeline'

/** What the strip draws: a bar that is held, or a stretch of what is not, in a lane. */
export interface Mark {
  lane: Lane
  /** Milliseconds of the epoch. */
  from: number
  to: number | undefined
  tone: Bar['tone']
  /** How much it stands for. */
  count: number
  /** The row that it leads to, or the events among which to look. */
  leads: { row: string } | { first: number; last: number }
}

/** Of what is missing, the time that it took is told by what is held around it. */
interface Piece {
  first: number
  last: number
  from: number
  to: number
  rested: number
  stretch: Stretch
}

export interface Strip {
  marks: readonly Mark[]
  pieces: readonly Piece[]
}

const LANES_OF: {
  lane: Lane
  count: (stretch: Stretch) => number
  tone: (stretch: Stretch) => Bar['tone']
}[] = [
  { lane: 'model', count: (stretch) => stretch.model_calls, tone: () => 'busy' },
  { lane: 'tool', count: (stretch) => stretch.tool_calls, tone: () => 'good' },
  { lane: 'person', count: (stretch) => stretch.waits, tone: () => 'warn' },
  {
    lane: 'retry',
    // Before each retry an error was told of: it is the same fault.
    count: (stretch) => Math.max(stretch.retries, stretch.errors),
    tone: (stretch) => (stretch.errors > stretch.retries ? 'bad' : 'warn'),
  },
]

/** What is held, bar by bar, and what is not, by the overview. */
export function stripOf(held: Held, overview: readonly Stretch[]): Strip {
  const pieces = piecesOf(held, overview)
  const far = pieces.flatMap((piece) =>
    LANES_OF.flatMap(({ lane, count, tone }): Mark[] => {
      const { first, last, from, to, stretch } = piece
      const counted = count(stretch)
      return counted > 0
        ? [{ lane, from, to, tone: tone(stretch), count: counted, leads: { first, last } }]
        : []
    }),
  )
  const near = held.parts.flatMap((part) => {
    const end = part === tailOf(held) ? undefined : endOf(part)
    return part.bars.map(
      ({ lane, from, to, tone, row }): Mark => ({
        lane,
        from,
        to: to ?? end,
        tone,
        count: 1,
        leads: { row },
      }),
    )
  })
  return { marks: [...far, ...near].sort((one, other) => one.from - other.from), pieces }
}

function piecesOf(held: Held, overview: readonly Stretch[]): Piece[] {
  return gapsOf(held).flatMap((gap) => {
    const before = held.parts.findLast((part) => part.first < gap.from)
    const after = held.parts.find((part) => part.first > gap.to)
    return overview.flatMap((stretch): Piece[] => {
      const [first, last] = [Math.max(gap.from, stretch.first_seq), Math.min(gap.to, stretch.last_seq)]
      if (first > last) return []
      const from = Math.max(Date.parse(stretch.from), before ? endOf(before) : 0)
      const to = Math.min(Date.parse(stretch.to), after ? beginOf(after) : Number.POSITIVE_INFINITY)
      const took = Math.max(0, to - from)
      return [{ first, last, from, to: from + took, rested: Math.min(took, stretch.rested_ms), stretch }]
    })
  })
}

function beginOf(part: SessionLog): number {
  return Date.parse(part.events[0]?.processed_at ?? '') || 0
}

function endOf(part: SessionLog): number {
  return Date.parse(part.events.at(-1)?.processed_at ?? '') || 0
}

/** A person may take days: their waiting is drawn, but it does not fill the time. */
const PERSON_SHOWN = 3_000

export function timelineOf({ marks, pieces }: Strip, isIdle: boolean, now: number): Timeline {
  const near = marks.flatMap((mark) => {
    if (!('row' in mark.leads)) return []
    const { from } = mark
    const to = mark.to ?? Math.max(now, from)
    const isLong = mark.lane === 'person' || isIdle
    return [{ from, to: isLong ? Math.min(to, from + PERSON_SHOWN) : to }]
  })
  return timeline([...near, ...pieces])
}

/** The event that a place in a mark stands for, by how far along it is. */
export function seqAt({ first, last }: { first: number; last: number }, part: number): number {
  return Math.round(first + (last - first) * Math.min(1, Math.max(0, part)))
}
