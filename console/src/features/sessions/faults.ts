import { eventOf, type Gap, gapsOf, type Held, type Stretch } from '@/lib/session/held'
import { nextError } from './reading'

/** A row that tells of a fault. */
interface Fault {
  key: string
  seq: number
}

/** The faults of what is held, in the log's order. */
function faultsHeld(held: Held): Fault[] {
  const found = held.parts.flatMap((part) => part.faults.map((key) => ({ key, seq: seqOf(held, key) })))
  return found.sort((one, other) => one.seq - other.seq)
}

function seqOf(held: Held, key: string): number {
  for (const part of held.parts) {
    const seq = eventOf(part, key)?.seq
    if (seq) return seq
  }
  return 0
}

/** Errors that the overview counts within some events, as far as they are not held. */
function errorsMissing(held: Held, overview: readonly Stretch[], { from, to }: Gap): number {
  const gaps = gapsOf(held).filter((gap) => gap.from <= to && from <= gap.to)
  const isMissing = (stretch: Stretch) =>
    gaps.some(
      (gap) => Math.max(gap.from, from) <= stretch.last_seq && stretch.first_seq <= Math.min(gap.to, to),
    )
  return overview.reduce((sum, stretch) => sum + (isMissing(stretch) ? stretch.errors : 0), 0)
}

/** How many rows tell of a fault, and errors that are not held. */
export function countFaults(held: Held, overview: readonly Stretch[]): number {
  const heldHere = held.parts.reduce((sum, part) => sum + part.faults.length, 0)
  return heldHere + errorsMissing(held, overview, { from: 1, to: Number.POSITIVE_INFINITY })
}

/** The next fault behind a row, held or not, and round again. */
export async function nextFault(
  session: string,
  held: Held,
  overview: readonly Stretch[],
  selected: string | undefined,
): Promise<Fault | undefined> {
  const at = selected === undefined ? 0 : seqOf(held, selected)
  const behind = await firstBehind(session, held, overview, at)
  return behind ?? (at > 0 ? firstBehind(session, held, overview, 0) : undefined)
}

async function firstBehind(session: string, held: Held, overview: readonly Stretch[], at: number) {
  const known = faultsHeld(held).find(({ seq }) => seq > at)
  const to = known ? known.seq - 1 : Number.POSITIVE_INFINITY
  if (errorsMissing(held, overview, { from: at + 1, to }) === 0) return known
  const event = await nextError(session, at, AbortSignal.timeout(15_000))
  return event?.seq && event.seq <= to ? { key: event.id, seq: event.seq } : known
}
