import { eventOf, type Gap, gapsOf, type Held, type Stretch } from '@/lib/session/held'
import type { SessionEvent, SessionLog } from '@/lib/session/log'
import { nextError } from './reading'

/** A row that tells of a fault. */
interface Fault {
  key: string
  seq: number
}

/** The faults of what is held, in the log's order. */
export function faultsHeld({ parts }: Held): Fault[] {
  return parts.flatMap(faultsOf)
}

/** A page counts with each piece of text that comes, and none of it changes what is stored. */
const counted = new WeakMap<readonly SessionEvent[], readonly Fault[]>()

function faultsOf(part: SessionLog): readonly Fault[] {
  const before = counted.get(part.events)
  if (before) return before
  const faults = part.events
    .filter((event) => isFault(event, part))
    .map(({ id, seq }) => ({ key: id, seq: seq ?? 0 }))
  counted.set(part.events, faults)
  return faults
}

/**
 * Each error counts once, where the session tells of it. The end of a failed model call does not:
 * a `session.error` follows it, unless somebody stopped the call or it is made again. Nor does the
 * end of the run, which comes of an error that was told before.
 */
function isFault(event: SessionEvent, part: SessionLog): boolean {
  if (event.type === 'session.error') return true
  if (event.type !== 'agent.tool_use' && event.type !== 'agent.custom_tool_use') return false
  const call = part.tools.get(event.id)
  return call?.isError === true && call.decision?.result !== 'deny'
}

function seqOf(held: Held, key: string): number {
  for (const part of held.parts) {
    const seq = eventOf(part, key)?.seq
    if (seq) return seq
  }
  return 0
}

/** Errors that the overview counts within some events, as far as they are not held; it knows of no failed tool. */
function errorsMissing(held: Held, overview: readonly Stretch[], { from, to }: Gap): number {
  const gaps = gapsOf(held).filter((gap) => gap.from <= to && from <= gap.to)
  const isMissing = (stretch: Stretch) =>
    gaps.some(
      (gap) => Math.max(gap.from, from) <= stretch.last_seq && stretch.first_seq <= Math.min(gap.to, to),
    )
  return overview
    .filter(isMissing)
    .reduce((sum, stretch) => sum + Math.max(0, stretch.errors - errorsHeld(held, stretch)), 0)
}

/** Errors of a stretch that are held: one may reach over the edge of what is. */
function errorsHeld({ parts }: Held, { first_seq, last_seq }: Stretch): number {
  const within = (part: SessionLog) =>
    part.events.slice(Math.max(0, first_seq - part.first), Math.max(0, last_seq - part.first + 1))
  return parts.flatMap(within).filter((event) => event.type === 'session.error').length
}

/** How many rows tell of a fault, and errors that are not held. */
export function countFaults(held: Held, overview: readonly Stretch[]): number {
  return faultsHeld(held).length + errorsMissing(held, overview, { from: 1, to: Number.POSITIVE_INFINITY })
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
