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
