import createClient, { type Middleware } from 'openapi-fetch'
import { ApiError, errorOf, silent, unreachable } from './error'
import type { paths as CasedPaths } from './generated/cased'
import type { components, paths as NativePaths } from './generated/native'
import { typedKey } from './key'

export type Schemas = components['schemas']

const outcome: Middleware = {
  onRequest({ request }) {
    const key = typedKey()
    // A call that brings a key of its own tries that one.
    if (key !== undefined && !request.headers.has('x-api-key')) request.headers.set('x-api-key', key)
    return request
  },
  async onResponse({ response }) {
    if (!response.ok) throw await errorOf(response)
    return undefined
  },
  onError({ error }) {
    if (error instanceof ApiError || isAbort(error)) return undefined
    return unreachable()
  },
}

/** Milliseconds without a word. Models are asked of each provider, which takes the longest of all that is read. */
const SILENCE_MAX = 30_000

/**
 * Nothing that is read may be waited for without an end: the page would show grey bars for ever.
 * What changes something may take as long as it takes, since nobody would know whether it was done.
 */
async function fetchInTime(request: Request): Promise<Response> {
  if (request.method !== 'GET') return fetch(request)
  const late = new AbortController()
  const begin = () => setTimeout(() => late.abort(), SILENCE_MAX)
  let timer = begin()
  const onHeard = () => {
    clearTimeout(timer)
    timer = begin()
  }
  try {
    const answer = await fetch(request, { signal: AbortSignal.any([request.signal, late.signal]) })
    onHeard()
    return isStream(answer) ? answer : await readWhole(answer, onHeard)
  } catch (thrown) {
    throw late.signal.aborted && !request.signal.aborted ? silent(SILENCE_MAX / 1000) : thrown
  } finally {
    // A stream that has begun to answer goes on for as long as it likes.
    clearTimeout(timer)
  }
}

function isStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') === true
}

/** The same answer, once its body is here; each piece of it is told of as it comes. */
async function readWhole(answer: Response, onPiece: () => void): Promise<Response> {
  if (answer.body === null) return answer
  const heard = new TransformStream<BufferSource, BufferSource>({
    transform: (piece, on) => {
      onPiece()
      on.enqueue(piece)
    },
  })
  return new Response(await new Response(answer.body.pipeThrough(heard)).arrayBuffer(), answer)
}

const options = { baseUrl: globalThis.location?.origin ?? '', fetch: fetchInTime }

/** Every call to `/v1`. It throws an {@link ApiError} for whatever is no success. */
export const api = createClient<NativePaths>(options)
api.use(outcome)

/** The few calls to the Cased-compatible API: the command line's login. */
export const cased = createClient<CasedPaths>(options)
cased.use(outcome)

/** What a call answered: `const agents = await data(api.GET('/v1/agents'))`. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  const { data } = await call
  if (data === undefined || data === null) throw new Error('The server answered without a body.')
  return data
}

/** `limit` and `page`, which every list takes and the document does not name: `query: { ...paging(100, page) }`. */
export function paging(limit: number, page?: string | undefined): object {
  return page === undefined ? { limit } : { limit, page }
}

interface Paged<Row> {
  data: readonly Row[]
  next_page?: string | null
}

/** The rows of all pages, or of as many as hold so many rows. */
export async function allPages<Row>(
  read: (page: string | undefined) => Promise<Paged<Row>>,
  most = 5000,
): Promise<Row[]> {
  const rows: Row[] = []
  let page: string | undefined
  do {
    const answer = await read(page)
    rows.push(...answer.data)
    page = answer.next_page ?? undefined
  } while (page !== undefined && rows.length < most)
  return rows
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}
