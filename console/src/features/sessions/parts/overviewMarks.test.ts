import { expect, it } from 'vitest'
import { heldOf, type Stretch } from '@/lib/session/held'
import type { SessionEvent } from '@/lib/session/log'
import plain from '@/lib/session/recorded/plain.json'
import { replay } from '@/lib/session/reduce'
import { seqAt, stripOf, timelineOf } from './overviewMarks'

const events = plain as unknown as SessionEvent[]
const at = (seq: number) => events[seq - 1]?.processed_at ?? ''
const stretch = (first: number, last: number, more: Partial<Stretch> = {}): Stretch => ({
  first_seq: first,
  last_seq: last,
  from: at(first),
  to: at(last),
  rested_ms: 0,
  model_calls: 0,
  tool_calls: 0,
  waits: 0,
  retries: 0,
  errors: 0,
  ...more,
})
const from = (first: number) => heldOf([replay(events.slice(first - 1))])

it('draws what is held bar by bar, and the overview where something is missing', () => {
  const overview = [
    stretch(1, 6, { model_calls: 2, errors: 1 }),
    stretch(7, 12, { model_calls: 1, tool_calls: 3 }),
  ]
  const { marks, pieces } = stripOf(from(8), overview)
  const far = marks.filter((mark) => !('row' in mark.leads))
  expect(far.map(({ lane, count, tone }) => [lane, count, tone])).toEqual([
    ['model', 2, 'busy'],
    ['retry', 1, 'bad'],
    ['model', 1, 'busy'],
    ['tool', 3, 'good'],
  ])
  expect(pieces.map(({ first, last }) => [first, last])).toEqual([
    [1, 6],
    [7, 7],
  ])
  expect(marks.length).toBeGreaterThan(far.length)
  expect(stripOf(from(1), overview).pieces, 'nothing is missing').toEqual([])
})

it('draws an error that was tried again as the one fault that it is', () => {
  const told = (more: Partial<Stretch>) => {
    const { marks } = stripOf(from(8), [stretch(1, 7, more)])
    return marks.filter((mark) => !('row' in mark.leads)).map(({ lane, count, tone }) => [lane, count, tone])
  }
  expect(told({ retries: 3, errors: 3 })).toEqual([['retry', 3, 'warn']])
  expect(told({ retries: 3, errors: 4 })).toEqual([['retry', 4, 'bad']])
})

it('never draws what is missing over what is held', () => {
  const { pieces } = stripOf(from(8), [stretch(1, events.length, { model_calls: 2 })])
  expect(pieces[0]?.to).toBeLessThanOrEqual(Date.parse(at(8)))
})

it('makes a stretch as long as the session worked in it', () => {
  const day = 86_400_000
  const [start, end] = [Date.parse(at(1)) - day, Date.parse(at(1))]
  const old = { from: new Date(start).toISOString(), to: new Date(end).toISOString(), rested_ms: day - 5_000 }
  const strip = stripOf(from(8), [stretch(1, 7, { ...old, model_calls: 1 })])
  expect(timelineOf(strip, true, 0).length).toBeLessThan(60_000)
})

it('leads into what is missing by how far along it is', () => {
  expect([0, 0.5, 1, 7].map((part) => seqAt({ first: 10, last: 20 }, part))).toEqual([10, 15, 20, 20])
})
