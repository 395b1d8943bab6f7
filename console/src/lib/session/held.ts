import type { Schemas } from '../api/client'
import { EMPTY, lastSeq, type Row, type SessionEvent, type SessionLog } from './log'
import { append, replay } from './reduce'

/** A part of a log in a few counts. */
export type Stretch = Schemas['StretchView']

/** What a page holds of a session's log: parts of it in their order, with gaps between them. */
export interface Held {
  /** Never adjacent. The last one ends where the log does, and is followed. */
  parts: readonly SessionLog[]
  /** The rows of all parts. */
  rows: readonly Row[]
  /** Where the rows of each part begin. */
  starts: readonly number[]
}

/** Events that are not held. */
export interface Gap {
  from: number
  to: number
}

/** A page around an event may reach over the edges of what is missing. */
export function touch(page: Gap, gap: Gap): boolean {
  return page.from <= gap.to && gap.from <= page.to
}

/** More events than this are not held: what is far from what is looked at is let go. */
export const HELD_MAX = 6_000
/** How many are kept then, around what is looked at. */
const KEPT = 4_000
/** How many are kept at the end, whatever is looked at. */
const TAIL_KEPT = 300

export function heldOf(parts: readonly SessionLog[]): Held {
  const [first] = parts
  if (parts.length === 1 && first) return { parts, rows: first.rows, starts: [0] }
  const starts: number[] = []
  let rows = 0
  for (const part of parts) {
    starts.push(rows)
    rows += part.rows.length
  }
  return { parts, rows: parts.flatMap((part) => part.rows), starts }
}

/** The part that is followed: how the session stands. */
export function tailOf(held: Held): SessionLog {
  return held.parts.at(-1) ?? EMPTY
}

/** `seq` of the newest event. */
export function lastOf(held: Held): number {
  return lastSeq(tailOf(held))
}

export function withTail(held: Held, tail: SessionLog): Held {
  const parts = [...held.parts.slice(0, -1), tail]
  // Text in the making changes no row.
  return tail.rows === tailOf(held).rows ? { ...held, parts } : heldOf(parts)
}

/** The part that a row is of. */
export function partAt(held: Held, row: number): SessionLog {
  return held.parts[partIndex(held, row)] ?? EMPTY
}

function partIndex({ starts }: Held, row: number): number {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= row) low = middle
    else high = middle - 1
  }
  return low
}

/** What is missing right before a row, if it is the first of its part. */
export function gapBefore(held: Held, row: number): Gap | undefined {
  const index = partIndex(held, row)
  return held.starts[index] === row ? gapAt(held.parts, index) : undefined
}

function gapAt(parts: readonly SessionLog[], index: number): Gap | undefined {
  const before = parts[index - 1]
  const from = before ? lastSeq(before) + 1 : 1
  const to = (parts[index]?.first ?? 1) - 1
  return from <= to ? { from, to } : undefined
}

/** All that is missing. */
export function gapsOf({ parts }: Held): Gap[] {
  return parts.flatMap((_, index) => gapAt(parts, index) ?? [])
}

export function missing(held: Held): number {
  return gapsOf(held).reduce((sum, { from, to }) => sum + to - from + 1, 0)
}

export function holds(held: Held, seq: number): boolean {
  return held.parts.some((part) => part.first <= seq && seq <= lastSeq(part))
}

export function rowOf(held: Held, key: string): number {
  return held.rows.findIndex((row) => row.key === key)
}

/** The event that a row began with. */
export function eventOf(part: SessionLog, key: string): SessionEvent | undefined {
  return part.events.find((event) => event.id === key)
}

/** The row in which the event with this `seq` is, or the nearest one before it in its part. */
export function rowAt(held: Held, seq: number): number | undefined {
  const index = held.parts.findIndex((part) => part.first <= seq && seq <= lastSeq(part))
  const part = held.parts[index]
  if (!part || part.rows.length === 0) return undefined
  const places = new Map(part.rows.map((row, place) => [row.key, place]))
  for (let at = seq - part.first; at >= 0; at--) {
    const place = places.get(part.events[at]?.id ?? '')
    if (place !== undefined) return (held.starts[index] ?? 0) + place
  }
  return held.starts[index]
}

/** About which event a row tells of: good enough to know what is far from it. */
export function seqNear(held: Held, row: number): number {
  const index = partIndex(held, row)
  const part = held.parts[index] ?? EMPTY
  const along = (row - (held.starts[index] ?? 0)) / Math.max(1, part.rows.length)
  return Math.floor(part.first + along * part.events.length)
}

/** What is held once a page of events, without gaps in it, is there too. */
export function insert(held: Held, page: readonly SessionEvent[]): Held {
  const [first] = page
  if (first?.seq === null || first?.seq === undefined) return held
  const [from, to] = [first.seq, first.seq + page.length - 1]
  const before = held.parts.filter((part) => lastSeq(part) < from - 1)
  const after = held.parts.filter((part) => part.first > to + 1)
  const touched = held.parts.slice(before.length, held.parts.length - after.length)
  const merged = merge(touched, page, from)
  // Where the session stands, its end alone knows.
  const isTail = after.length === 0
  return heldOf([...before, isTail ? standingAs(merged, tailOf(held)) : merged, ...after])
}

/** One part of all that touches, from the earliest event on; what comes twice is passed over. */
function merge(touched: readonly SessionLog[], page: readonly SessionEvent[], from: number): SessionLog {
  const [first, ...rest] = touched
  const isFirst = first !== undefined && first.first <= from
  const begun = isFirst ? append(first, page) : replay(page)
  return (isFirst ? rest : touched).reduce((log, part) => append(log, part.events), begun)
}

function standingAs(log: SessionLog, tail: SessionLog): SessionLog {
  const { live, status, stopReason, usage, budget, title, isDeleted } = tail
  return { ...log, live, status, stopReason, usage, budget, title, isDeleted }
}

/** Lets go of what is far from the event that is looked at, if too much is held. */
export function letGo(held: Held, near: number, most = HELD_MAX): Held {
  const events = held.parts.reduce((sum, part) => sum + part.events.length, 0)
  if (events <= most) return held
  const end = lastSeq(tailOf(held))
  const kept = Math.floor((KEPT / HELD_MAX) * most)
  const around = { from: near - Math.floor(kept / 2), to: near + Math.ceil(kept / 2) }
  const tail = { from: Math.max(1, end - TAIL_KEPT + 1), to: end }
  const isOne = around.to >= tail.from - 1
  const ranges = isOne ? [{ from: Math.min(around.from, tail.from), to: end }] : [around, tail]
  const parts = held.parts.flatMap((part) => ranges.flatMap((range) => within(part, range)))
  const last = parts.pop()
  return last === undefined ? held : heldOf([...parts, standingAs(last, tailOf(held))])
}

function within(part: SessionLog, { from, to }: Gap): SessionLog[] {
  if (from <= part.first && lastSeq(part) <= to) return [part]
  const events = part.events.slice(Math.max(0, from - part.first), Math.max(0, to - part.first + 1))
  return events.length > 0 ? [replay(events)] : []
}

/** What was done in a session, as far as it is known. */
export interface Totals {
  modelCalls: number
  toolCalls: number
  /** Whether nothing is missing. */
  isWhole: boolean
}

/** What the parts and, of what is missing, the overview count. */
export function totalsOf(held: Held, overview: readonly Stretch[]): Totals {
  const [first] = held.parts
  if (held.parts.length === 1 && first?.first === 1) {
    return { modelCalls: first.calls.size, toolCalls: first.tools.size, isWhole: true }
  }
  const seen = overview.at(-1)?.last_seq ?? 0
  const newer = tailOf(held).events.slice(Math.max(0, seen - tailOf(held).first + 1))
  const named = (...names: SessionEvent['type'][]) =>
    newer.filter((event) => names.includes(event.type)).length
  const sum = (name: 'model_calls' | 'tool_calls') =>
    overview.reduce((total, stretch) => total + stretch[name], 0)
  return {
    modelCalls: sum('model_calls') + named('span.model_request_start'),
    toolCalls: sum('tool_calls') + named('agent.tool_use', 'agent.custom_tool_use'),
    isWhole: overview.length > 0 && seen >= tailOf(held).first - 1,
  }
}
