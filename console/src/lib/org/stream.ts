import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { api, data, type Schemas } from '../api/client'
import { asApiError } from '../api/error'
import { readAgain } from '../api/query'
import { type Connection, follow } from '../stream/follow'

/** A commit changed a session. */
export type SessionChanged = Schemas['SessionChanged']

type Listener = (changed: SessionChanged[]) => void

// One stream for the whole page: lists of every feature live on it.
const listeners = new Set<Listener>()
let connection: Connection = { state: 'connecting' }
const watchers = new Set<() => void>()

function setConnection(next: Connection) {
  connection = next
  for (const watcher of watchers) watcher()
}

/** How the page's stream stands; the shell's banner and dot show it. */
export function useOrgConnection(): Connection {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => connection,
  )
}

/** Calls back for the sessions that commits have changed, one call for what arrives together. */
export function useOrgChanges(listener: Listener) {
  useEffect(() => {
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }, [listener])
}

/** Follows the organization for as long as the shell is drawn. */
export function useOrgStream() {
  const client = useQueryClient()
  useEffect(() => {
    const ended = new AbortController()
    void followOrg(client, ended.signal)
    return () => ended.abort()
  }, [client])
}

/** What pages keep as the stream tells it. */
const KEPT: ReadonlySet<unknown> = new Set(['sessions', 'approvals', 'rollouts'])

/** The server answers again: what the page could not read while it did not is read now. */
function readUnread(client: QueryClient): Promise<void> {
  return client.refetchQueries({
    type: 'active',
    predicate: ({ state }) => state.status === 'error' && asApiError(state.error).isPassing,
  })
}

function followOrg(client: QueryClient, signal: AbortSignal): Promise<void> {
  // It tells of nothing that was before it began: whatever was asked for until then is read again.
  let isBeginning = true
  const onConnection = (next: Connection) => {
    setConnection(next)
    if (next.state !== 'live') return
    void readUnread(client)
    if (!isBeginning) return
    isBeginning = false
    void readAgain(client, { predicate: ({ queryKey }) => KEPT.has(queryKey[0]) })
  }
  return follow({
    open: async (after, signal) => {
      const query = after === undefined ? {} : { after }
      return data(api.GET('/v1/stream', { params: { query }, parseAs: 'stream', signal }))
    },
    onFrames: (frames) => {
      const changed = frames.flatMap((frame) =>
        frame.event === 'session.changed' ? [JSON.parse(frame.data) as SessionChanged] : [],
      )
      if (changed.length === 0) return
      for (const listener of listeners) listener(changed)
    },
    onConnection,
    // Away for longer than positions are kept: what was read before says nothing any more.
    onGone: () => {
      isBeginning = true
      return undefined
    },
    signal,
  })
}
