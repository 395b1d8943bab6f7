import { expect, it } from 'vitest'
import { fits, newest, placed, type SessionRow, stateOf } from './rows'

const row = (id: string, minute: number, more: Partial<SessionRow> = {}): SessionRow =>
  ({
    id,
    status: 'idle',
    created_at: `2026-06-01T00:${String(minute).padStart(2, '0')}:00Z`,
    agent: { id: 'agent_1' },
    ...more,
  }) as SessionRow

const pages = (next_page: string | null = null) => ({
  pageParams: [undefined],
  pages: [{ data: [row('c', 30), row('a', 10)], next_page }],
})
const ids = (list: ReturnType<typeof placed>) => list.pages.flatMap((page) => page.data.map((row) => row.id))

it('puts a row at its place', () => {
  expect(ids(placed(pages(), row('d', 40), true))).toEqual(['d', 'c', 'a'])
  expect(ids(placed(pages(), row('b', 20), true))).toEqual(['c', 'b', 'a'])
  expect(ids(placed(pages(), row('0', 1), true))).toEqual(['c', 'a', '0'])
  expect(ids(placed(pages('more'), row('0', 1), true)), 'it comes with its page').toEqual(['c', 'a'])
})

it('changes a row where it is, and takes it out when it fits no more', () => {
  const changed = placed(pages(), row('a', 10, { title: 'new' }), true)
  expect(changed.pages[0]?.data[1]?.title).toBe('new')
  expect(ids(placed(pages(), row('a', 10), false))).toEqual(['c'])
  expect(ids(placed(pages(), row('x', 10), false))).toEqual(['c', 'a'])
})

it('shows a session once that changed while the lists were read', () => {
  const [before, after, other] = [
    row('a', 1, { last_seq: 3 }),
    row('a', 1, { last_seq: 4 }),
    row('b', 2, { last_seq: 1 }),
  ]
  for (const read of [
    [before, other, after],
    [after, other, before],
  ]) {
    expect(newest(read)).toEqual(new Set([after, other]))
  }
})

it('knows where a session stands', () => {
  expect(stateOf(row('a', 1, { state: 'waiting' }))).toBe('waiting')
  expect(stateOf(row('a', 1, { status: 'rescheduling' }))).toBe('running')
  expect(stateOf(row('a', 1, { archived_at: '2026-06-01T00:00:00Z' }))).toBe('ended')
})

it('filters as the server does', () => {
  const one = row('a', 1, { title: 'Meeting ROOMS', origin: 'make' })
  expect(fits(one, { title: 'rooms', origin: 'make', agent: 'agent_1', state: 'idle' })).toBe(true)
  for (const filters of [
    { title: 'x' },
    { origin: 'native' },
    { agent: 'agent_2' },
    { state: 'running' as const },
  ]) {
    expect(fits(one, filters)).toBe(false)
  }
})
