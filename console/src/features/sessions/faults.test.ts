import { afterEach, expect, it, vi } from 'vitest'
import { heldOf, type Stretch } from '@/lib/session/held'
import type { SessionEvent } from '@/lib/session/log'
import denied from '@/lib/session/recorded/denied.json'
import { reduce, replay } from '@/lib/session/reduce'
import { countFaults, faultsHeld, nextFault } from './faults'

afterEach(() => vi.unstubAllGlobals())

interface Told {
  id: string
  type: string
  [more: string]: unknown
}

function events(...told: Told[]): SessionEvent[] {
  return told.map((event, n) => ({
    processed_at: '2026-06-01T00:00:00Z',
    ...event,
    seq: n + 1,
  })) as unknown as SessionEvent[]
}

const failedCall = (n: number, retry: 'retrying' | 'exhausted'): Told[] => [
  { id: `start${n}`, type: 'span.model_request_start', model: 'scripted/demo' },
  { id: `end${n}`, type: 'span.model_request_end', model_request_start_id: `start${n}`, is_error: true },
  {
    id: `error${n}`,
    type: 'session.error',
    error: { type: 'unavailable_error', message: 'gone', retry_status: { type: retry } },
  },
]
const tool = (id: string, isError: boolean): Told[] => [
  { id, type: 'agent.tool_use', name: 'book_room', input: {}, evaluated_permission: 'allow' },
  { id: `${id}_result`, type: 'agent.tool_result', tool_use_id: id, content: [], is_error: isError },
]

/** Two calls of a model that failed, one of them tried again, then the end of the run. */
const failing = events(
  ...failedCall(1, 'retrying'),
  { id: 'pause', type: 'session.status_rescheduled' },
  { id: 'again', type: 'session.status_running' },
  ...failedCall(2, 'exhausted'),
  { id: 'over', type: 'session.status_idle', stop_reason: { type: 'retries_exhausted' } },
)
const seqs = (told: readonly SessionEvent[]) => faultsHeld(heldOf([replay(told)])).map(({ seq }) => seq)

it('counts a model call that failed once, with the end of its run', () => {
  expect(seqs(failing)).toEqual([3, 8])
  expect(countFaults(heldOf([replay(failing)]), [])).toBe(2)
})

it('counts a tool that failed where it was called, and none that did what it should', () => {
  const told = events(...tool('a', false), ...tool('b', true))
  expect(faultsHeld(heldOf([replay(told)]))).toEqual([{ key: 'b', seq: 3 }])
})

it('does not take for an error what a person refused or stopped', () => {
  expect(seqs(denied as unknown as SessionEvent[])).toEqual([])
  const stopped = events(
    ...failedCall(1, 'exhausted').slice(0, 2),
    { id: 'stop', type: 'user.interrupt' },
    { id: 'over', type: 'session.status_idle', stop_reason: { type: 'end_turn' } },
  )
  expect(seqs(stopped)).toEqual([])
})

it('counts what is not held by the overview, and nothing of it twice', () => {
  const none = { from: '', to: '', rested_ms: 0, waits: 0, model_calls: 0, tool_calls: 0 }
  const overview: Stretch[] = [
    { ...none, first_seq: 1, last_seq: 5, retries: 1, errors: 1 },
    { ...none, first_seq: 6, last_seq: 9, retries: 0, errors: 1 },
  ]
  expect(countFaults(heldOf([replay(failing.slice(5))]), overview)).toBe(2)
  expect(countFaults(heldOf([replay(failing)]), overview)).toBe(2)
  const one: Stretch[] = [{ ...none, first_seq: 1, last_seq: 9, retries: 1, errors: 2 }]
  expect(countFaults(heldOf([replay(failing.slice(4))]), one), 'over the edge').toBe(2)
})

it('counts on as events come, and not with text in the making', () => {
  const before = replay(failing.slice(0, 7))
  const written = reduce(before, [{ type: 'start', id: 'text', kind: 'message' }])
  const after = reduce(written, [{ type: 'stored', event: failing[7] as SessionEvent }])
  expect([before, written, after].map((log) => countFaults(heldOf([log]), []))).toEqual([1, 1, 2])
})

it('goes from one to the next, and round again', async () => {
  const held = heldOf([replay(failing)])
  const next = async (selected?: string) => (await nextFault('sesn_1', held, [], selected))?.key
  expect([await next(), await next('error1'), await next('error2')]).toEqual(['error1', 'error2', 'error1'])
})

it('looks for the next one where the log is not held', async () => {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(new URL(request.url).search)
    return Response.json({ data: [failing[2]], next_page: null })
  })
  const overview = [
    {
      first_seq: 1,
      last_seq: 5,
      errors: 1,
      from: '',
      to: '',
      rested_ms: 0,
      waits: 0,
      retries: 1,
      model_calls: 1,
      tool_calls: 0,
    },
  ]
  const found = await nextFault('sesn_1', heldOf([replay(failing.slice(5))]), overview, undefined)
  expect(found).toEqual({ key: 'error1', seq: 3 })
  expect(asked).toHaveLength(1)
})
