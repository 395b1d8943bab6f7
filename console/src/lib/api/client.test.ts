import { afterEach, expect, it, vi } from 'vitest'
import { allPages, api, data } from './client'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('reads page after page, to the last or until there are enough', async () => {
  const asked: (string | undefined)[] = []
  const read = async (page: string | undefined) => {
    asked.push(page)
    const n = Number(page ?? 0)
    return { data: [n, n], next_page: n < 3 ? String(n + 1) : null }
  }
  expect(await allPages(read)).toEqual([0, 0, 1, 1, 2, 2, 3, 3])
  expect(asked).toEqual([undefined, '1', '2', '3'])
  expect(await allPages(read, 3)).toHaveLength(4)
})

/** A server that sends headers and the beginning of a body, and nothing more. */
function stall(type: string) {
  vi.useFakeTimers()
  vi.stubGlobal('fetch', async (_: Request, { signal }: { signal: AbortSignal }) => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('{"data":'))
        signal.addEventListener('abort', () => controller.error(signal.reason))
      },
    })
    return new Response(body, { headers: { 'content-type': type } })
  })
}

it('waits no longer for a body than for an answer', async () => {
  stall('application/json')
  const call = data(api.GET('/v1/projects'))
  const refused = expect(call).rejects.toMatchObject({ kind: 'silent' })
  await vi.advanceTimersByTimeAsync(30_000)
  await refused
})

it('waits for a long body as long as more of it comes', async () => {
  vi.useFakeTimers()
  vi.stubGlobal('fetch', async (_: Request, { signal }: { signal: AbortSignal }) => {
    const body = new ReadableStream<Uint8Array>({
      start: async (controller) => {
        signal.addEventListener('abort', () => controller.error(signal.reason))
        for (const piece of ['{', '"data"', ':', '[]', '}']) {
          await new Promise((resolve) => setTimeout(resolve, 20_000))
          controller.enqueue(new TextEncoder().encode(piece))
        }
        controller.close()
      },
    })
    return new Response(body, { headers: { 'content-type': 'application/json' } })
  })
  const call = data(api.GET('/v1/projects'))
  const answered = expect(call).resolves.toEqual({ data: [] })
  await vi.advanceTimersByTimeAsync(100_000)
  await answered
})

it('lets a stream that has begun go on for as long as it likes', async () => {
  stall('text/event-stream')
  const body = (await data(
    api.GET('/v1/stream', { params: { query: {} }, parseAs: 'stream' }),
  )) as ReadableStream<Uint8Array>
  const reader = body.getReader()
  await reader.read()
  const next = vi.fn()
  reader.read().then(next, next)
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(next).not.toHaveBeenCalled()
})

it('hands on what a whole answer says', async () => {
  vi.stubGlobal('fetch', async () => Response.json({ data: [] }, { status: 201 }))
  const { data: body, response } = await api.GET('/v1/projects')
  expect([body, response.status]).toEqual([{ data: [] }, 201])
  vi.stubGlobal('fetch', async () => new Response(null, { status: 204 }))
  expect((await api.GET('/v1/projects')).response.status).toBe(204)
})
