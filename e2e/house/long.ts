/** A session with a long log, made quickly: turns with what people and models say, and much between them. */

import type { Api, Json } from './api.ts'

/** As many as one request may send. */
const AT_ONCE = 50

/** Adds events that begin no turn to a session at rest, until its log has so many. */
export async function lengthen(api: Api, session: string, events: number): Promise<void> {
  let length = Number((await api.get(`/v1/sessions/${session}`))['last_seq'])
  while (length < events) {
    const count = Math.min(AT_ONCE, events - length)
    await api.post(`/v1/sessions/${session}/events`, {
      events: Array.from({ length: count }, () => ({ type: 'user.interrupt' })),
    })
    length += count
  }
}

/** Says something in a session and waits until it is answered; the events of the turn. */
export async function turn(api: Api, session: string, text: string): Promise<Json[]> {
  const answer = await api.post(`/v1/sessions/${session}/events?wait=60`, {
    events: [{ type: 'user.message', content: [{ type: 'text', text }] }],
  })
  return answer['events'] as Json[]
}
