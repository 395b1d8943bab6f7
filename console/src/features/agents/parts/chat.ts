import { useEffect, useState } from 'react'
import { api, data, type Schemas } from '@/lib/api/client'
import { type Content, EMPTY, type SessionLog } from '@/lib/session/log'
import { piecesOf } from '@/lib/session/pieces'
import { reduce } from '@/lib/session/reduce'
import { type Connection, follow } from '@/lib/stream/follow'

const DELTAS: Schemas['DeltaKind'][] = ['agent.message', 'agent.thinking']

/** A session from its first event on, as it happens. */
export function useChat(session: string | undefined): { log: SessionLog; connection: Connection } {
  const [log, setLog] = useState<SessionLog>(EMPTY)
  const [connection, setConnection] = useState<Connection>({ state: 'connecting' })
  useEffect(() => {
    setLog(EMPTY)
    setConnection({ state: 'connecting' })
    if (session === undefined) return
    const ended = new AbortController()
    void follow({
      open: (after, signal) =>
        data(
          api.GET('/v1/sessions/{session_id}/events/stream', {
            params: {
              path: { session_id: session },
              query: { after: after ?? 'start', 'event_deltas[]': DELTAS },
            },
            parseAs: 'stream',
            signal,
          }),
        ),
      onFrames: (frames) => setLog((before) => reduce(before, piecesOf(frames))),
      onConnection: setConnection,
      signal: ended.signal,
    })
    return () => ended.abort()
  }, [session])
  return { log, connection }
}

/** Says something in the session, or in a new one; gives the session's id. */
export async function ask(
  agent: { id: string; name: string },
  session: string | undefined,
  text: string,
): Promise<string> {
  const event = { type: 'user.message' as const, content: [{ type: 'text' as const, text }] }
  if (session === undefined) {
    const title = `Playground: ${text.slice(0, 60)}`
    const made = await data(
      api.POST('/v1/sessions', { body: { agent: agent.id, title, initial_events: [event] } }),
    )
    return made.id
  }
  const params = { path: { session_id: session } }
  await data(api.POST('/v1/sessions/{session_id}/events', { params, body: { events: [event] } }))
  return session
}

export function interrupt(session: string) {
  const params = { path: { session_id: session } }
  return data(
    api.POST('/v1/sessions/{session_id}/events', { params, body: { events: [{ type: 'user.interrupt' }] } }),
  )
}

export function textOf(content: readonly Content[]): string {
  return content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join('\n')
}
