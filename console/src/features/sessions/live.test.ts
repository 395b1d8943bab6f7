import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Schemas } from '@/lib/api/client'
import { gapsOf, HELD_MAX, holds, lastOf } from '@/lib/session/held'
import type { SessionEvent } from '@/lib/session/log'
import plain from '@/lib/session/recorded/plain.json'
import { FollowedStore } from './live'
import { PAGE } from './reading'

const turn = plain as unknown as SessionEvent[]
const event = (seq: number) =>
  ({ ...turn[(seq - 1) % 7], id: `sevt_${seq}`, seq, processed_at: '2026-06-01T00:00:00Z' }) as SessionEvent

/** A server with one session, whose log has so many events. */
class Served {
  asked: URL[] = []
  private streams: ReadableStreamDefaultController<Uint8Array>[] = []
  private length: number

  constructor(length: number) {
    this.length = length
  }

  /** Stores one more event. */
  store() {
    this.length += 1
    for (const stream of this.streams) this.send(stream, this.length)
  }

  answer = async (request: Request): Promise<Response> => {
    request.signal.throwIfAborted()
    const url = new URL(request.url)
    this.asked.push(url)
    const { searchParams: query, pathname } = url
    if (pathname.endsWith('/overview')) return Response.json({ data: [] })
    if (pathname.endsWith('/stream')) return this.stream(Number(query.get('after')?.replace('sevt_', '')))
    const [from, to] = [Number(query.get('seq[gte]') ?? 1), Number(query.get('seq[lte]') ?? this.length)]
    const all = Array.from({ length: to - from + 1 }, (_, n) => event(from + n))
    const found = query.get('order') === 'desc' ? all.reverse() : all
    return Response.json({ data: found.slice(0, Number(query.get('limit'))) })
  }

  private stream(after: number): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.streams.push(controller)
        for (let seq = after + 1; seq <= this.length; seq++) this.send(controller, seq)
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }

  private send(stream: ReadableStreamDefaultController<Uint8Array>, seq: number) {
    const told = event(seq)
    const frame = `id: ${told.id}\nevent: ${told.type}\ndata: ${JSON.stringify(told)}\n\n`
    stream.enqueue(new TextEncoder().encode(frame))
  }
}

let ended: AbortController

beforeEach(() => {
  ended = new AbortController()
})

afterEach(() => ended.abort())

async function opened(served: Served, last: number): Promise<FollowedStore> {
  vi.stubGlobal('fetch', served.answer)
  const session = {
    id: 'sesn_1',
    last_seq: last,
    status: 'idle',
    usage: {},
  } as unknown as Schemas['SessionView']
  const store = new FollowedStore(session)
  void store.follow(ended.signal)
  await vi.waitFor(() => expect(store.snapshot().connection.state).toBe('live'))
  return store
}

const pages = ({ asked }: Served) => asked.filter((url) => url.pathname.endsWith('/events'))

it('begins with the newest page, and goes on behind it', async () => {
  const served = new Served(5_000)
  const store = await opened(served, 5_000)
  expect(pages(served).map((url) => url.search)).toEqual([`?limit=${PAGE}&order=desc`])
  const { log } = store.snapshot()
  expect([log.first, log.events.length]).toEqual([5_000 - PAGE + 1, PAGE])
  served.store()
  served.store()
  await vi.waitFor(() => expect(lastOf(store.snapshot().held)).toBe(5_002))
  expect(pages(served)).toHaveLength(1)
})

it('misses nothing, and has nothing twice, of what is stored between the page and the stream', async () => {
  const served = new Served(1_000)
  const { answer } = served
  served.answer = async (request) => {
    const response = await answer(request)
    if (new URL(request.url).pathname.endsWith('/events')) for (let n = 0; n < 5; n++) served.store()
    return response
  }
  const store = await opened(served, 1_000)
  await vi.waitFor(() => expect(lastOf(store.snapshot().held)).toBe(1_005))
  const { log } = store.snapshot()
  expect(log.events.map((event) => event.seq)).toEqual(
    Array.from({ length: PAGE + 5 }, (_, n) => log.first + n),
  )
})

it('reads older pages one at a time, and what is far away by itself', async () => {
  const served = new Served(5_000)
  const store = await opened(served, 5_000)
  const gap = gapsOf(store.snapshot().held)[0]
  if (!gap) throw new Error('nothing is missing')
  store.readBefore(gap)
  store.readBefore(gap)
  await vi.waitFor(() => expect(store.snapshot().log.first).toBe(5_000 - 2 * PAGE + 1))
  expect(pages(served)).toHaveLength(2)
  expect(await store.readAround(1_000)).toBe(true)
  expect(gapsOf(store.snapshot().held)).toEqual([
    { from: 1, to: 999 - PAGE / 2 },
    { from: 1_000 + PAGE / 2, to: 5_000 - 2 * PAGE },
  ])
})

it('stops reading when it is told to, and when something else is wished for', async () => {
  const served = new Served(5_000)
  const store = await opened(served, 5_000)
  const first = store.readAround(1_000)
  const second = store.readAround(3_000)
  expect(await Promise.all([first, second])).toEqual([false, true])
  const third = store.readAround(2_000)
  store.cancel()
  expect(await third).toBe(false)
  expect(store.snapshot()).toMatchObject({ reading: undefined, faults: [], isStopped: true })
  expect(store.snapshot().held.parts.map((part) => part.first)).toEqual([3_000 - PAGE / 2, 4_701])
})

const refuse = async () => Response.json({ error: { type: 'api_error', message: 'no' } }, { status: 500 })

/** Where events are missing, in their order. */
const gapsIn = (store: FollowedStore) => gapsOf(store.snapshot().held)
const faultsOf = (store: FollowedStore) => store.snapshot().faults.map(({ page }) => page)

it('says why a page was not read, and reads it when asked again', async () => {
  const served = new Served(5_000)
  const store = await opened(served, 5_000)
  await store.readAround(1_000)
  const { answer } = served
  vi.stubGlobal('fetch', refuse)
  const [before, between] = gapsIn(store)
  if (!before || !between) throw new Error('nothing is missing')
  store.readAfter(between)
  await vi.waitFor(() => expect(store.snapshot().faults).toHaveLength(1))
  expect(store.snapshot().faults[0]?.error.status).toBe(500)
  // What fails in one place leaves what failed in another: else each would be read again by itself, in turn.
  store.readBefore(before)
  const page = { from: between.from, to: between.from + PAGE - 1 }
  await vi.waitFor(() =>
    expect(faultsOf(store)).toEqual([page, { from: before.to - PAGE + 1, to: before.to }]),
  )
  vi.stubGlobal('fetch', answer)
  const [fault] = store.snapshot().faults
  if (fault) store.readAgain(fault)
  await vi.waitFor(() => expect(gapsIn(store)[1]?.from).toBe(page.to + 1))
  expect(faultsOf(store)).toEqual([{ from: before.to - PAGE + 1, to: before.to }])
})

it('tells who jumped why it failed, and keeps nothing of it', async () => {
  const store = await opened(new Served(5_000), 5_000)
  vi.stubGlobal('fetch', refuse)
  await expect(store.readAround(1_000)).rejects.toMatchObject({ status: 500 })
  expect(store.snapshot()).toMatchObject({ reading: undefined, faults: [], isStopped: false })
})

it('lets go of older parts too when all that is held grows too much', async () => {
  const served = new Served(20_000)
  const store = await opened(served, 20_000)
  for (let seq = 5_000; countHeld(store) + PAGE <= HELD_MAX; seq += PAGE) await store.readAround(seq)
  const read = countHeld(store)
  store.lookAt(5_000)
  for (let n = 0; n <= HELD_MAX - read; n++) served.store()
  await vi.waitFor(() => expect(lastOf(store.snapshot().held)).toBe(20_000 + HELD_MAX - read + 1))
  expect(countHeld(store)).toBeLessThan(HELD_MAX)
  const { held } = store.snapshot()
  expect([holds(held, 5_000), holds(held, lastOf(held))]).toEqual([true, true])
})

function countHeld(store: FollowedStore): number {
  return store.snapshot().held.parts.reduce((sum, part) => sum + part.events.length, 0)
}
