import { afterEach, expect, it, vi } from 'vitest'
import { heldOf } from '@/lib/session/held'
import { keyOf, type SessionEvent } from '@/lib/session/log'
import denied from '@/lib/session/recorded/denied.json'
import { replay } from '@/lib/session/reduce'
import {
  MATCHES_MAX,
  matchesHeld,
  matchesIn,
  nextOf,
  type Progress,
  pagesOf,
  searchRest,
  together,
} from './find'
import { whyWaiting } from './words'

const events = denied as unknown as SessionEvent[]
const log = replay(events)

afterEach(() => vi.unstubAllGlobals())

it('finds words in messages, arguments and results, by the row that shows them', () => {
  const kinds = (text: string) =>
    matchesIn(events, text).map(({ key }) => log.rows.find((row) => row.key === key)?.kind)
  expect(kinds('GREEN')).toContain('tool')
  expect(kinds('being painted')).toContain('tool')
  expect(kinds('scripted/demo')).toEqual(['model', 'model'])
  expect(kinds('  ')).toEqual([])
})

it('finds the row of every event that has one', () => {
  const keys = new Set(log.rows.map((row) => row.key))
  for (const { key } of matchesIn(events, 'e')) expect(keys.has(key), key).toBe(true)
  const result = events.find((event) => event.type === 'agent.tool_result')
  const call = events.find((event) => event.type === 'agent.tool_use')
  expect(result && keyOf(result)).toBe(call?.id)
})

it('puts matches together, each row once, in the order of the log', () => {
  const at = (key: string, seq: number) => ({ key, seq })
  expect(together([at('c', 9), at('a', 1)], [at('b', 4), at('a', 1)]).map(({ key }) => key)).toEqual([
    'a',
    'b',
    'c',
  ])
})

it('reads all that is missing once, the newest first', () => {
  const pages = pagesOf([
    { from: 1, to: 1200 },
    { from: 2000, to: 2000 },
  ])
  expect(pages).toEqual([
    { from: 2000, to: 2000 },
    { from: 701, to: 1200 },
    { from: 201, to: 700 },
    { from: 1, to: 200 },
  ])
})

it('tells of all matches of the log, also of what was held when it began and is let go then', async () => {
  const older = events.slice(0, 6)
  vi.stubGlobal('fetch', async () => Response.json({ data: older, next_page: null }))
  const held = heldOf([replay(events.slice(6))])
  const told: Progress[] = []
  await searchRest('sesn_1', held, 'e', (progress) => told.push(progress), new AbortController().signal)
  const keys = new Set(told.at(-1)?.matches.map(({ key }) => key))
  expect(matchesHeld(held, 'e')).not.toEqual([])
  expect(keys).toEqual(new Set(matchesIn(events, 'e').map(({ key }) => key)))
})

/** A log of messages that all hold one word. */
const talk = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => ({
    ...events.find((event) => event.type === 'user.message'),
    id: `sevt_${from + n}`,
    seq: from + n,
    content: [{ type: 'text', text: 'a word' }],
  })) as SessionEvent[]

/** Searches a log of which all from an event on is held; how far it read, and what it told at the end. */
async function searched(first: number, last: number) {
  vi.stubGlobal('fetch', async (request: Request) => {
    const { searchParams: query } = new URL(request.url)
    const data = talk(Number(query.get('seq[gte]')), Number(query.get('seq[lte]')))
    return Response.json({ data, next_page: null })
  })
  const held = heldOf([replay(talk(first, last))])
  const told: Progress[] = []
  await searchRest('sesn_1', held, 'word', (progress) => told.push(progress), new AbortController().signal)
  const { matches = [], ...end } = told.at(-1) ?? {}
  return { ...end, seqs: [...new Set(matches.map(({ seq }) => seq))], count: matches.length }
}

it('goes on to the beginning however many matches are held', async () => {
  const found = await searched(801, 801 + MATCHES_MAX)
  expect(found).toMatchObject({ read: 800, isDone: true, isCut: false, count: 801 + MATCHES_MAX })
  expect(found.seqs).toHaveLength(found.count)
})

it('ends early, and says so, once what is not held has too many matches', async () => {
  expect(await searched(5_001, 5_010)).toMatchObject({ read: MATCHES_MAX, isDone: true, isCut: true })
  // All was read: nothing is left out.
  expect(await searched(MATCHES_MAX + 1, 5_010)).toMatchObject({
    read: MATCHES_MAX,
    isDone: true,
    isCut: false,
  })
})

it('goes round', () => {
  expect(nextOf([2, 5], -1, 1)).toBe(2)
  expect(nextOf([2, 5], 5, 1)).toBe(2)
  expect(nextOf([2, 5], 2, -1)).toBe(5)
  expect(nextOf([], 0, 1)).toBeUndefined()
})

it('says why it waits', () => {
  const at = (length: number) => whyWaiting(replay(events.slice(0, length)))
  expect(at(6)).toBe('It waits for a person to allow or deny `book_room`.')
  expect(at(14)).toBe('It has answered and waits for the next message.')
  expect(at(2)).toBeUndefined()
})
