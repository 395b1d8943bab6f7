import { useEffect, useState, useSyncExternalStore } from 'react'
import { api, data, isAbort, type Schemas } from '@/lib/api/client'
import { type ApiError, asApiError } from '@/lib/api/error'
import {
  type Gap,
  gapsOf,
  type Held,
  heldOf,
  insert,
  lastOf,
  letGo,
  type Stretch,
  tailOf,
  touch,
  withTail,
} from '@/lib/session/held'
import { cursor, EMPTY, lastSeq, type SessionEvent, type SessionLog } from '@/lib/session/log'
import { piecesOf } from '@/lib/session/pieces'
import { append, type Piece, reduce, replay } from '@/lib/session/reduce'
import { type Connection, follow } from '@/lib/stream/follow'
import { PAGE, readEvents, readOverview } from './reading'

/** A page at an edge of what is missing that was not read, and why. */
export interface Fault {
  page: Gap
  /** The event for which it was asked. */
  near: number
  error: ApiError
}

/** A session as it is followed. */
export interface Followed {
  held: Held
  /** The newest part of the log: how the session stands. */
  log: SessionLog
  /** The whole log at a glance; empty while nothing is missing. */
  overview: readonly Stretch[]
  /** Whether the end of the log has been read. */
  isOpen: boolean
  /** What is being read. */
  reading: Gap | undefined
  /** What was not read: it is read again by hand. */
  faults: readonly Fault[]
  /** Whether somebody has stopped the reading: no more is read by itself. */
  isStopped: boolean
  connection: Connection
}

/** A session's log, followed from its end; what is older is read when it is asked for. */
export function useFollowed(session: Schemas['SessionView']): [Followed, FollowedStore] {
  const [store] = useState(() => new FollowedStore(session))
  useEffect(() => {
    const ended = new AbortController()
    void store.follow(ended.signal)
    return () => ended.abort()
  }, [store])
  return [useSyncExternalStore(store.subscribe, store.snapshot), store]
}

/** Fewer rows than this are no screen full. */
const ROWS_MIN = 24

/** What arrives within one frame of the screen is drawn once. */
export class FollowedStore {
  private followed: Followed
  private pieces: Piece[] = []
  private isDue = false
  /** About where somebody reads; nothing while they follow the end. */
  private near: number | undefined
  /** Ends the reading of older pages: one at a time, and the last wish counts. */
  private wish = new AbortController()
  /** Up to which event the overview tells, or was asked to. */
  private surveyed = 0
  private ended: AbortSignal | undefined
  private readonly listeners = new Set<() => void>()
  private readonly session: Schemas['SessionView']

  constructor(session: Schemas['SessionView']) {
    this.session = session
    const log = standing(session)
    this.followed = {
      held: heldOf([log]),
      log,
      overview: [],
      isOpen: false,
      reading: undefined,
      faults: [],
      isStopped: false,
      connection: { state: 'connecting' },
    }
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  snapshot = () => this.followed

  async follow(signal: AbortSignal): Promise<void> {
    this.ended = signal
    if (this.session.last_seq > PAGE) void this.lookOver(this.session.last_seq, signal)
    await follow({
      after: this.followed.isOpen ? cursor(this.followed.log) : undefined,
      open: (after, signal) => this.open(after, signal),
      onFrames: (frames) => this.take(piecesOf(frames)),
      onConnection: (connection) => this.set({ connection }),
      signal,
    })
    this.wish.abort()
  }

  /** Says about where somebody reads: what is near that is kept. */
  lookAt(near: number | undefined) {
    this.near = near
  }

  /** Reads the page at the end of what is missing. */
  readBefore({ from, to }: Gap) {
    void this.readEdge({ from: Math.max(from, to - PAGE + 1), to }, to)
  }

  /** Reads the page at the beginning of what is missing. */
  readAfter({ from, to }: Gap) {
    void this.readEdge({ from, to: Math.min(to, from + PAGE - 1) }, from)
  }

  /** Reads the page around an event; whether it is there then. Why it was not read is thrown, and not kept. */
  readAround(seq: number): Promise<boolean> {
    const end = lastSeq(this.followed.log)
    const from = Math.max(1, Math.min(seq - PAGE / 2, end - PAGE + 1))
    this.wish.abort()
    this.set({ reading: undefined })
    return this.read({ from, to: Math.min(end, from + PAGE - 1) }, seq, (thrown) => {
      this.set({ reading: undefined })
      throw thrown
    })
  }

  /** Reads a page again that was not read. */
  readAgain({ page, near }: Fault) {
    void this.readEdge(page, near)
  }

  /** Reads no more of what was asked for. */
  cancel = () => {
    this.wish.abort()
    this.set({ reading: undefined, isStopped: true })
  }

  private readEdge(page: Gap, near: number): Promise<boolean> {
    return this.read(page, near, (thrown) => {
      const fault = { page, near, error: asApiError(thrown) }
      this.set({ reading: undefined, faults: [...this.faultsBeside(page), fault] })
    })
  }

  /** What was not read elsewhere. */
  private faultsBeside(page: Gap): Fault[] {
    return this.followed.faults.filter((fault) => !touch(fault.page, page))
  }

  private async read(page: Gap, near: number, refused: (thrown: unknown) => void): Promise<boolean> {
    // What is under way is waited for: scrolling asks again with each frame.
    if (this.followed.reading) return false
    const wish = new AbortController()
    this.wish = wish
    this.set({ reading: page, isStopped: false })
    try {
      const events = await readEvents(this.session.id, page, wish.signal)
      if (wish.signal.aborted) return false
      this.set({ reading: undefined, faults: this.faultsBeside(page) })
      this.hold(letGo(insert(this.followed.held, events), near))
      return true
    } catch (thrown) {
      if (wish.signal.aborted || isAbort(thrown)) return false
      refused(thrown)
      return false
    }
  }

  private async open(after: string | undefined, signal: AbortSignal) {
    if (!this.followed.isOpen) await this.readTail(signal)
    const { live } = this.followed.log
    const known = live?.kind === 'message' && live.end > 0 ? { delta_after: `${live.id}:0:${live.end}` } : {}
    const deltas: ('agent.message' | 'agent.thinking')[] = ['agent.message', 'agent.thinking']
    const query = { after: after ?? cursor(this.followed.log), 'event_deltas[]': deltas, ...known }
    const params = { path: { session_id: this.session.id }, query }
    return data(api.GET('/v1/sessions/{session_id}/events/stream', { params, parseAs: 'stream', signal }))
  }

  /** The newest events; the stream goes on behind the last of them. */
  private async readTail(signal: AbortSignal) {
    let events = await readEvents(this.session.id, undefined, signal)
    let log = opened(this.session, events)
    // A few rows of many events are no screen full.
    for (let more = 0; more < 3 && log.rows.length < ROWS_MIN && log.first > 1; more++) {
      const page = { from: Math.max(1, log.first - PAGE), to: log.first - 1 }
      events = [...(await readEvents(this.session.id, page, signal)), ...events]
      log = opened(this.session, events)
    }
    this.set({ held: heldOf([log]), log, isOpen: true })
    this.survey()
  }

  private async lookOver(last: number, signal: AbortSignal) {
    this.surveyed = last
    try {
      this.set({ overview: await readOverview(this.session.id, signal) })
    } catch {
      // The strip then shows what is held and what was known; it is asked again when more is let go.
    }
  }

  private take(pieces: Piece[]) {
    this.pieces.push(...pieces)
    if (this.isDue || pieces.length === 0) return
    this.isDue = true
    // A hidden page has no frames.
    if (document.visibilityState === 'hidden') setTimeout(this.flush, 100)
    else requestAnimationFrame(this.flush)
  }

  private flush = () => {
    this.isDue = false
    const { pieces } = this
    this.pieces = []
    const { held, log } = this.followed
    const next = withTail(held, reduce(log, pieces))
    // A page that is left open for days grows too.
    this.hold(letGo(next, this.near ?? lastOf(next)))
  }

  private hold(held: Held) {
    this.set({ held, log: tailOf(held) })
    this.survey()
  }

  /** What was let go since the overview was read is told by its counts alone. */
  private survey() {
    const { held } = this.followed
    const missing = gapsOf(held).at(-1)?.to ?? 0
    if (missing > this.surveyed && this.ended) void this.lookOver(lastOf(held), this.ended)
  }

  private set(change: Partial<Followed>) {
    this.followed = { ...this.followed, ...change }
    for (const listener of this.listeners) listener()
  }
}

/** A log of which nothing is read yet, as the session tells of itself. */
function standing(session: Schemas['SessionView']): SessionLog {
  return {
    ...EMPTY,
    status: session.status,
    stopReason: session.stop_reason ?? undefined,
    usage: session.usage,
    budget: session.budget ?? undefined,
    title: session.title ?? undefined,
  }
}

/** The log of the newest events. One that is whole tells all of itself. */
function opened(session: Schemas['SessionView'], events: readonly SessionEvent[]): SessionLog {
  const first = events[0]?.seq ?? 1
  return first > 1 ? append({ ...standing(session), first }, events) : replay(events)
}
