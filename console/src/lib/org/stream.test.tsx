import { QueryClientProvider, useQuery } from '@tanstack/react-query'
import { act, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Loaded } from '@/components/ui/loaded'
import { api, data } from '../api/client'
import { createQueryClient } from '../api/query'
import { useFreshWith } from './fresh'
import { useOrgStream } from './stream'

const orgQuery = { queryKey: ['org'], queryFn: () => data(api.GET('/v1/org')) }

let isUp = true
let refused: number | undefined

/** A stream that is open until the server goes. */
function stream(request: Request): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('event: ping\ndata: {}\n\n'))
      const fail = () => controller.error(new DOMException('aborted', 'AbortError'))
      request.signal.addEventListener('abort', fail)
      drop = () => controller.close()
      tell = (event) => controller.enqueue(new TextEncoder().encode(event))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}
let drop = () => {}
let tell = (_event: string) => {}

beforeEach(() => {
  vi.useFakeTimers()
  isUp = true
  refused = undefined
  vi.stubGlobal('fetch', async (request: Request) => {
    if (!isUp) throw new TypeError('refused')
    if (new URL(request.url).pathname === '/v1/stream') return stream(request)
    if (refused) return Response.json({ error: { type: 'x', message: 'gone' } }, { status: refused })
    return Response.json({ id: 'org_1', name: 'Acme' })
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function Shown() {
  useOrgStream()
  const org = useQuery(orgQuery)
  return (
    <Loaded query={org} what="Not read">
      {({ name }) => <p>{name}</p>}
    </Loaded>
  )
}

const client = () => createQueryClient(() => {})
const wait = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms))

function show(queries = client()) {
  render(
    <QueryClientProvider client={queries}>
      <Shown />
    </QueryClientProvider>,
  )
  return queries
}

it('reads what could not be read as soon as the server answers again', async () => {
  isUp = false
  show()
  expect(screen.getByLabelText('Loading')).toBeVisible()
  await wait(20_000)
  expect(screen.getByRole('alert')).toHaveTextContent('The server does not answer.')
  isUp = true
  await wait(16_000)
  expect(screen.getByText('Acme')).toBeVisible()
})

it('keeps what was read while the server restarts, and lets it go when it is gone', async () => {
  const queries = show()
  await wait(100)
  expect(screen.getByText('Acme')).toBeVisible()
  isUp = false
  drop()
  void queries.invalidateQueries()
  await wait(20_000)
  expect(screen.getByText('Acme')).toBeVisible()
  isUp = true
  refused = 404
  void queries.invalidateQueries()
  await wait(16_000)
  expect(screen.getByRole('alert')).toHaveTextContent('gone')
})

it('asks though the browser has no network: the server may be on the same machine', async () => {
  vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
  window.dispatchEvent(new Event('offline'))
  show()
  await wait(100)
  expect(screen.getByText('Acme')).toBeVisible()
  vi.restoreAllMocks()
  window.dispatchEvent(new Event('online'))
})

it('does not wait for ever for a server that took a request and says nothing', async () => {
  vi.stubGlobal('fetch', (_: Request, { signal }: RequestInit = {}) => {
    return new Promise((_, fail) => {
      signal?.addEventListener('abort', () => fail(new DOMException('aborted', 'AbortError')))
    })
  })
  show()
  await wait(62_000)
  expect(screen.getByRole('alert')).toHaveTextContent('The server has not answered for 30 seconds.')
})

/** Shows what there is, as a list does that the stream keeps; each answer takes a second. */
function List({ read }: { read: () => string }) {
  useOrgStream()
  const queryKey = ['approvals']
  const { data } = useQuery({
    queryKey,
    queryFn: async () => {
      const answer = read()
      await new Promise((done) => setTimeout(done, 1000))
      return answer
    },
  })
  useFreshWith(queryKey)
  return <p>{data}</p>
}

it('reads again what it was reading for the first time when the stream began, or told of a change', async () => {
  let stored = 'nothing'
  const read = vi.fn(() => stored)
  render(
    <QueryClientProvider client={client()}>
      <List read={read} />
    </QueryClientProvider>,
  )
  stored = 'one'
  await wait(1500)
  expect(screen.getByText('nothing')).toBeVisible()
  stored = 'two'
  tell('id: 1\nevent: session.changed\ndata: {}\n\n')
  await wait(600)
  expect(screen.getByText('one')).toBeVisible()
  await wait(1000)
  expect(screen.getByText('two')).toBeVisible()
  await wait(10_000)
  expect(read).toHaveBeenCalledTimes(3)
})
