import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, renderHook, waitFor } from '@testing-library/react'
import type { ReactNode } from 'react'
import { beforeEach, expect, it, vi } from 'vitest'
import type { SessionChanged } from '@/lib/org/stream'
import { useLiveLists, useSessions } from './rows'

const stream = vi.hoisted(() => ({ tell: (_: SessionChanged[]) => {} }))
vi.mock('@/lib/org/stream', () => ({
  useOrgChanges: (listener: typeof stream.tell) => {
    stream.tell = listener
  },
}))

const row = (last_seq: number, status: string) => ({
  id: 'sesn_1',
  status,
  state: status,
  last_seq,
  title: `at ${last_seq}`,
  agent: { id: 'agent_1' },
  created_at: '2026-06-01T00:00:00Z',
  last_line: { by: 'agent', text: 'Hello.' },
})
const change = (seq: number, status: string) =>
  ({ session_id: 'sesn_1', seq, status, state: status, title: `at ${seq}` }) as unknown as SessionChanged

/** What the server is asked and has not answered yet, by path. */
const asked = new Map<string, (body: object) => void>()

beforeEach(() => {
  asked.clear()
  vi.stubGlobal('fetch', (request: Request) => {
    const { pathname } = new URL(request.url)
    return new Promise((resolve) => {
      asked.set(pathname, (body) => resolve(Response.json(body)))
    })
  })
})

function follow() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  )
  const { result } = renderHook(
    () => {
      useLiveLists()
      return useSessions({ state: 'running' }).data?.pages.flatMap((page) => page.data) ?? []
    },
    { wrapper },
  )
  return { client, titles: () => result.current.map(({ title }) => title) }
}

async function answer(path: string, body: object) {
  await waitFor(() => expect(asked.has(path)).toBe(true))
  await act(async () => {
    asked.get(path)?.(body)
    asked.delete(path)
  })
}

it('loses no change that comes while a list is read that was asked for before it', async () => {
  const { titles } = follow()
  act(() => stream.tell([change(2, 'running')]))
  await answer('/v1/sessions', { data: [row(1, 'running')], next_page: null })
  await waitFor(() => expect(titles()).toEqual(['at 2']))
})

it('puts nothing back that was read before a later change', async () => {
  const { client, titles } = follow()
  await answer('/v1/sessions', { data: [row(1, 'running')], next_page: null })
  act(() => stream.tell([change(2, 'idle')]))
  await waitFor(() => expect(asked.has('/v1/sessions/sesn_1')).toBe(true))
  act(() => stream.tell([change(3, 'running')]))
  await waitFor(() => expect(titles()).toEqual(['at 3']))
  await answer('/v1/sessions/sesn_1', row(2, 'idle'))
  await waitFor(() => expect(client.getQueryData(['sessions', 'one', 'sesn_1'])).toBeDefined())
  await act(async () => {})
  expect(titles()).toEqual(['at 3'])
})
