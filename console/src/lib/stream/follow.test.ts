import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ApiError } from '../api/error'
import { type Connection, follow } from './follow'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** An answer that ends, or one that stays open until it is called off, as those of `fetch` do. */
function body(text: string, open?: AbortSignal): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text))
      if (!open) controller.close()
      open?.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError')))
    },
  })
}

/** Follows a server that answers these in turn; the last stays open. */
async function followed(...answers: (string | ApiError)[]) {
  return followedBy(() => {}, ...answers)
}

/** The same, read by somebody who may throw at what comes. */
async function followedBy(taken: (data: string[]) => void, ...answers: (string | ApiError)[]) {
  const ended = new AbortController()
  const opened: (string | undefined)[] = []
  const seen: string[] = []
  const connections: Connection['state'][] = []
  const following = follow({
    open: async (after, signal) => {
      opened.push(after)
      const answer = answers[opened.length - 1]
      if (answer instanceof ApiError) throw answer
      return body(answer ?? '', opened.length >= answers.length ? signal : undefined)
    },
    onFrames: (frames) => {
      const data = frames.map((frame) => frame.data)
      taken(data)
      seen.push(...data)
    },
    onConnection: (connection) => connections.push(connection.state),
    onGone: () => 'anew',
    signal: ended.signal,
  })
  await vi.advanceTimersByTimeAsync(25_000)
  ended.abort()
  await vi.advanceTimersByTimeAsync(100)
  await following
  return { opened, seen, connections }
}

const fault = (status: number) => new ApiError({ status, kind: 'x', message: 'x' })

it('goes on behind the last event that had an id', async () => {
  const { opened, seen } = await followed(
    'id: 1\ndata: a\n\nid: 2\ndata: b\n\ndata: delta\n\n',
    fault(0),
    'id: 3\ndata: c\n\n',
  )
  expect(opened).toEqual([undefined, '2', '2'])
  expect(seen).toEqual(['a', 'b', 'delta', 'c'])
})

it('asks again for what could not be taken', async () => {
  const { opened, seen } = await followedBy(
    (data) => {
      if (data.includes('broken')) throw new Error('broken')
    },
    'id: 1\ndata: a\n\n',
    'id: 2\ndata: b\n\ndata: broken\n\n',
    'id: 2\ndata: b\n\n',
  )
  expect(opened.slice(0, 3)).toEqual([undefined, '1', '1'])
  expect(seen).toEqual(['a', 'b'])
})

it('tells how it stands', async () => {
  const { connections } = await followed(fault(503), 'id: 1\ndata: a\n\n')
  expect(connections.slice(0, 3)).toEqual(['connecting', 'waiting', 'live'])
})

it('tells why it waits', async () => {
  const told: Connection[] = []
  const ended = new AbortController()
  const following = follow({
    open: async () => {
      throw fault(503)
    },
    onFrames: () => {},
    onConnection: (connection) => told.push(connection),
    signal: ended.signal,
  })
  await vi.advanceTimersByTimeAsync(10)
  ended.abort()
  await following
  expect(told.at(-1)).toMatchObject({ state: 'waiting', error: { status: 503 } })
})

it('stops when it is refused', async () => {
  const { opened, connections } = await followed(fault(403), 'id: 1\ndata: a\n\n')
  expect(opened).toHaveLength(1)
  expect(connections.at(-1)).toBe('failed')
})

it('begins anew when its place is no longer known', async () => {
  const { opened } = await followed('id: 1\ndata: a\n\n', fault(410), 'id: 9\ndata: z\n\n')
  expect(opened).toEqual([undefined, '1', 'anew'])
})

it('leaves a server that has fallen silent', async () => {
  const ended = new AbortController()
  let opened = 0
  const following = follow({
    open: async (_after, signal) => {
      opened++
      return body('id: 1\ndata: a\n\n', signal)
    },
    onFrames: () => {},
    signal: ended.signal,
  })
  await vi.advanceTimersByTimeAsync(20_000)
  expect(opened).toBe(1)
  await vi.advanceTimersByTimeAsync(15_000)
  expect(opened).toBe(2)
  ended.abort()
  await vi.advanceTimersByTimeAsync(100)
  await following
})

/** How long a reader waits before each new try, at the longest that chance allows. */
async function waits(tries: number, answerOf: (nth: number) => string | ApiError): Promise<number[]> {
  vi.spyOn(Math, 'random').mockReturnValue(1)
  const ended = new AbortController()
  const opened: number[] = []
  const following = follow({
    open: async () => {
      opened.push(Date.now())
      const answer = answerOf(opened.length)
      if (answer instanceof ApiError) throw answer
      return body(answer)
    },
    onFrames: (frames) => {
      if (frames.some(({ data }) => data === 'broken')) throw new Error('broken')
    },
    signal: ended.signal,
  })
  while (opened.length <= tries) await vi.advanceTimersByTimeAsync(100)
  ended.abort()
  await vi.advanceTimersByTimeAsync(100)
  await following
  vi.restoreAllMocks()
  return opened.slice(1, tries + 1).map((at, n) => at - (opened[n] ?? 0))
}

const GROWING = [400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]

it.each([
  ['does not answer', () => fault(0)],
  ['opens streams and drops each at once', () => ''],
  ['says nothing but that it is there', () => ': hello\n\n'],
  ['breaks off within an event', () => 'id: 1\nda'],
  ['tells what cannot be taken', () => 'id: 1\ndata: broken\n\n'],
])('waits longer each time for a server that %s', async (_, answer) => {
  expect(await waits(GROWING.length, answer)).toEqual(GROWING)
})

it('comes back soon once an event has come', async () => {
  const answerOf = (nth: number) => (nth === 4 ? 'id: 1\ndata: a\n\n' : fault(0))
  expect(await waits(6, answerOf)).toEqual([400, 800, 1600, 400, 800, 1600])
})

it('never waits less than half of that, so that many pages do not come at once', async () => {
  const tries = waits(3, () => fault(0))
  vi.spyOn(Math, 'random').mockReturnValue(0)
  expect(await tries).toEqual([200, 400, 800])
})
