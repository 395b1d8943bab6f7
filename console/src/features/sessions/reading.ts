import { api, data, paging } from '@/lib/api/client'
import type { Gap, Stretch } from '@/lib/session/held'
import type { SessionEvent } from '@/lib/session/log'

/** Events of a page: some screens full. */
export const PAGE = 300

type Query = Record<string, string | number | readonly string[]>

/** Events of a session's log, in its order: those of a part of it, or the newest ones. */
export async function readEvents(
  session: string,
  part: Gap | undefined,
  signal: AbortSignal,
): Promise<SessionEvent[]> {
  const asked = part
    ? { ...paging(part.to - part.from + 1), 'seq[gte]': part.from, 'seq[lte]': part.to }
    : { ...paging(PAGE), order: 'desc' as const }
  const events = await list(session, asked as Query, signal)
  // What waits to be taken into the log has no place in it.
  const stored = events.filter((event) => event.seq !== null && event.seq !== undefined)
  return part ? stored : stored.reverse()
}

/** The first event behind a place that tells of a fault. */
export async function nextError(
  session: string,
  after: number,
  signal: AbortSignal,
): Promise<SessionEvent | undefined> {
  const query = { ...paging(1), 'seq[gte]': after + 1, 'types[]': ['session.error'] }
  const [event] = await list(session, query as Query, signal)
  return event
}

async function list(session: string, query: Query, signal: AbortSignal): Promise<SessionEvent[]> {
  const params = { path: { session_id: session }, query }
  const { data: events } = await data(api.GET('/v1/sessions/{session_id}/events', { params, signal }))
  // The client's types lose the objects of free form within an event.
  return events as unknown as SessionEvent[]
}

/** One event, wherever in the log it is. */
export async function readEvent(session: string, event: string): Promise<SessionEvent> {
  const path = { session_id: session, event_id: event }
  const found = await data(api.GET('/v1/sessions/{session_id}/events/{event_id}', { params: { path } }))
  return found as unknown as SessionEvent
}

/** The whole log at a glance. */
export async function readOverview(session: string, signal: AbortSignal): Promise<Stretch[]> {
  const params = { path: { session_id: session }, query: { parts: 300 } }
  const { data: stretches } = await data(api.GET('/v1/sessions/{session_id}/overview', { params, signal }))
  return stretches
}
