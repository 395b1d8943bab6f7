import { type Gap, gapsOf, type Held } from '@/lib/session/held'
import { keyOf, type SessionEvent, textOf } from '@/lib/session/log'
import { readEvents } from './reading'
import { noteOf } from './words'

/** A row that holds what is looked for. */
export interface Match {
  /** The row's key. */
  key: string
  /** `seq` of the event in which it was found. */
  seq: number
}

/** The rows of some events that hold a text, in capital letters or small ones. */
export function matchesIn(events: readonly SessionEvent[], text: string): Match[] {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return []
  const found = new Map<string, Match>()
  for (const event of events) {
    const key = keyOf(event)
    if (found.has(key) || !wordsOf(event).toLowerCase().includes(wanted)) continue
    found.set(key, { key, seq: event.seq ?? 0 })
  }
  return [...found.values()]
}

function wordsOf(event: SessionEvent): string {
  switch (event.type) {
    case 'user.message':
    case 'agent.message':
    case 'system.message':
    case 'agent.tool_result':
    case 'user.custom_tool_result':
      return textOf(event.content)
    case 'span.model_request_start':
      return event.model
    case 'agent.tool_use':
    case 'agent.custom_tool_use':
      return `${event.name} ${JSON.stringify(event.input)}`
    case 'user.tool_confirmation':
      return event.deny_message ?? ''
    case 'session.error':
      return `${event.error.type} ${event.error.message}`
    case 'session.status_idle':
      return QUIET.has(event.stop_reason.type) ? '' : noteOf(event).join(' ')
    // These are no rows.
    case 'agent.thinking':
    case 'span.model_request_end':
    case 'session.status_running':
    case 'session.usage':
      return ''
    default:
      return noteOf(event).join(' ')
  }
}

/** Ends of a turn that are no rows. */
const QUIET = new Set(['end_turn', 'requires_action'])

/** What is held of a log, searched. */
export function matchesHeld({ parts }: Held, text: string): Match[] {
  return parts.flatMap((part) => matchesIn(part.events, text))
}

/** Matches of both, each row once, in the log's order. */
export function together(one: readonly Match[], other: readonly Match[]): Match[] {
  const found = new Map([...one, ...other].map((match) => [match.key, match]))
  return [...found.values()].sort((a, b) => a.seq - b.seq)
}

/** Events of a request. */
const AT_ONCE = 500
/** More matches than this in what is not held are of no use. */
export const MATCHES_MAX = 1_000

/** How far a search through what is not held has come. */
export interface Progress {
  matches: readonly Match[]
  read: number
  isDone: boolean
  /** Whether it ended before the log did: there were too many matches. */
  isCut: boolean
}

/**
 * Searches what is not held, the newest first, and keeps nothing of it but where the matches
 * are: a log of any length can be searched. What is held now is told of too, since it may be let go.
 */
export async function searchRest(
  session: string,
  held: Held,
  text: string,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> {
  const known = matchesHeld(held, text)
  const matches: Match[] = []
  let read = 0
  const tell = (isDone: boolean, isCut: boolean) =>
    onProgress({ matches: together(known, matches), read, isDone, isCut })
  for (const page of pagesOf(gapsOf(held))) {
    if (matches.length >= MATCHES_MAX) return tell(true, true)
    const events = await readEvents(session, page, signal)
    if (signal.aborted) return
    matches.push(...matchesIn(events, text))
    read += events.length
    tell(false, false)
  }
  tell(true, false)
}

/** Pages of all gaps, the newest first. */
export function pagesOf(gaps: readonly Gap[]): Gap[] {
  return gaps.toReversed().flatMap(({ from, to }) => {
    const pages: Gap[] = []
    for (let end = to; end >= from; end -= AT_ONCE)
      pages.push({ from: Math.max(from, end - AT_ONCE + 1), to: end })
    return pages
  })
}

/** The next of some places after one, and round again. */
export function nextOf(places: readonly number[], after: number, step: 1 | -1): number | undefined {
  if (places.length === 0) return undefined
  if (step === 1) return places.find((place) => place > after) ?? places[0]
  return places.findLast((place) => place < after) ?? places.at(-1)
}
