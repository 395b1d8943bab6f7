import { useEffect, useState, useSyncExternalStore } from 'react'
import { api, data } from '@/lib/api/client'
import { cursor, EMPTY, type SessionLog } from '@/lib/session/log'
import { piecesOf } from '@/lib/session/pieces'
import { type Piece, reduce } from '@/lib/session/reduce'
import { type Connection, follow } from '@/lib/stream/follow'

/** A session as it is followed. */
export interface Followed {
  log: SessionLog
  connection: Connection
}

/** Follows a session's log from its first event on; `known` is how many it has at least. Draw the component with the id as its `key`. */
export function useFollowed(id: string, known: number): Followed {
  const [store] = useState(() => new FollowedStore(id, known))
  useEffect(() => {
    const ended = new AbortController()
    void store.follow(ended.signal)
    return () => ended.abort()
  }, [store])
  return useSyncExternalStore(store.subscribe, store.snapshot)
}

const HISTORY_EVERY = 300

/** What arrives within one frame of the screen is drawn once. */
class FollowedStore {
  private followed: Followed = { log: EMPTY, connection: { state: 'connecting' } }
  private pieces: Piece[] = []
  private isDue = false
  private readonly listeners = new Set<() => void>()
  private readonly id: string
  private readonly known: number

  constructor(id: string, known: number) {
    this.id = id
    this.known = known
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  snapshot = () => this.followed

  follow(signal: AbortSignal): Promise<void> {
    return follow({
      after: cursor(this.followed.log),
      open: (after, signal) => this.open(after ?? 'start', signal),
      onFrames: (frames) => this.take(piecesOf(frames)),
      onConnection: (connection) => this.set({ ...this.followed, connection }),
      signal,
    })
  }

  private open(after: string, signal: AbortSignal) {
    const { live } = this.followed.log
    const known = live?.kind === 'message' && live.end > 0 ? { delta_after: `${live.id}:0:${live.end}` } : {}
    const deltas: ('agent.message' | 'agent.thinking')[] = ['agent.message', 'agent.thinking']
    const params = { path: { session_id: this.id }, query: { after, 'event_deltas[]': deltas, ...known } }
    return data(api.GET('/v1/sessions/{session_id}/events/stream', { params, parseAs: 'stream', signal }))
  }

  private take(pieces: Piece[]) {
    this.pieces.push(...pieces)
    if (this.isDue || pieces.length === 0) return
    this.isDue = true
    const { length } = this.followed.log.events
    // A hidden page has no frames. A long history is drawn a few times while it is read, not with each piece.
    if (document.visibilityState === 'hidden') setTimeout(this.flush, 100)
    else if (length > 0 && length < this.known) setTimeout(this.flush, HISTORY_EVERY)
    else requestAnimationFrame(this.flush)
  }

  private flush = () => {
    this.isDue = false
    const { pieces } = this
    this.pieces = []
    this.set({ ...this.followed, log: reduce(this.followed.log, pieces) })
  }

  private set(next: Followed) {
    this.followed = next
    for (const listener of this.listeners) listener()
  }
}
