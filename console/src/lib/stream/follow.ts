import { isAbort } from '../api/client'
import { type ApiError, asApiError } from '../api/error'
import { type Frame, frames } from './sse'

/** How a stream stands. */
export type Connection =
  | { state: 'connecting' }
  | { state: 'live' }
  /** Lost; tried again at `retryAt` (milliseconds of the epoch). Why, unless it merely ended. */
  | { state: 'waiting'; retryAt: number; error?: ApiError | undefined }
  /** Refused for good. */
  | { state: 'failed'; error: ApiError }

export interface Following {
  /** Opens the stream behind a cursor; `undefined` is wherever the stream begins by itself. */
  open: (after: string | undefined, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>
  /** Where to begin. */
  after?: string | undefined
  onFrames: (frames: Frame[]) => void
  onConnection?: (connection: Connection) => void
  /** The cursor is too old or unknown: read everything anew, and say where to go on. */
  onGone?: () => string | undefined
  signal: AbortSignal
}

const FIRST_WAIT = 400
const LONGEST_WAIT = 15_000
/** The server says something every 10 seconds; who is silent for so long is gone. */
const SILENCE = 30_000

/**
 * Follows a stream for as long as the signal lets it, over lost connections and restarts of
 * the server: it goes on behind the last frame that had an id, so that nothing is missed.
 */
export async function follow(following: Following): Promise<void> {
  const { signal, onConnection } = following
  const place: Place = { after: following.after, failures: 0 }
  while (!signal.aborted) {
    // A try after a failed one is still waiting for the server, to whoever looks on.
    if (place.failures === 0) onConnection?.({ state: 'connecting' })
    let error: ApiError | undefined
    try {
      await readOn(following, place)
    } catch (thrown) {
      const refusal = signal.aborted ? undefined : refusalOf(thrown, following, place)
      if (refusal) onConnection?.({ state: 'failed', error: refusal })
      if (refusal) return
      error = isAbort(thrown) ? undefined : asApiError(thrown)
    }
    if (signal.aborted) return
    const wait = waitAfter(place.failures++)
    onConnection?.({ state: 'waiting', retryAt: Date.now() + wait, error })
    await pause(wait, signal)
  }
}

/** Where a reader stands, over all its connections. */
interface Place {
  after: string | undefined
  failures: number
}

async function readOn(following: Following, place: Place) {
  for await (const found of listen(following, place.after)) {
    if (found === OPENED) following.onConnection?.({ state: 'live' })
    if (found.length === 0) continue
    following.onFrames(found)
    // Only now: what could not be taken is asked for again, and is no reason to come back soon. Nor
    // is an answer that brings nothing: a server may open streams and drop each at once.
    place.failures = 0
    place.after = found.findLast((frame) => frame.id !== undefined)?.id ?? place.after
  }
}

/** Why it is no use to come again; nothing if it is. */
function refusalOf(thrown: unknown, following: Following, place: Place): ApiError | undefined {
  if (isAbort(thrown)) return undefined
  const error = asApiError(thrown)
  if (error.status === 410 && following.onGone) {
    place.after = following.onGone()
    return undefined
  }
  return isFinal(error) ? error : undefined
}

const OPENED: Frame[] = []

async function* listen(following: Following, after: string | undefined): AsyncGenerator<Frame[], void, void> {
  const attempt = new AbortController()
  const stop = () => attempt.abort()
  following.signal.addEventListener('abort', stop)
  let watchdog = setTimeout(stop, SILENCE)
  try {
    const body = await following.open(after, attempt.signal)
    yield OPENED
    for await (const found of frames(body)) {
      clearTimeout(watchdog)
      watchdog = setTimeout(stop, SILENCE)
      yield found
    }
  } finally {
    clearTimeout(watchdog)
    following.signal.removeEventListener('abort', stop)
    attempt.abort()
  }
}

function isFinal(error: ApiError): boolean {
  return error.status >= 400 && error.status < 500 && !error.isPassing && error.status !== 410
}

/**
 * Doubles up to a bound, and begins anew with the first event that comes. A random part keeps many
 * pages from coming back at one moment.
 */
function waitAfter(failures: number): number {
  const bound = Math.min(FIRST_WAIT * 2 ** failures, LONGEST_WAIT)
  return bound / 2 + (Math.random() * bound) / 2
}

/** Waits; sooner when the network is back or somebody asks to try now. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      for (const [target, name] of wakers) target.removeEventListener(name, done)
      resolve()
    }
    const wakers: [EventTarget, string][] = [
      [signal, 'abort'],
      [window, 'online'],
      [window, TRY_NOW],
    ]
    const timer = setTimeout(done, milliseconds)
    for (const [target, name] of wakers) target.addEventListener(name, done)
  })
}

const TRY_NOW = 'sortie:try-now'

/** Every stream that waits tries again at once. */
export function tryNow() {
  window.dispatchEvent(new Event(TRY_NOW))
}
