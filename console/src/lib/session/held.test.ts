import { expect, it } from 'vitest'
import {
  gapBefore,
  gapsOf,
  type Held,
  heldOf,
  holds,
  insert,
  letGo,
  missing,
  partAt,
  rowAt,
  tailOf,
  totalsOf,
} from './held'
import type { SessionEvent } from './log'
import waiting from './recorded/waiting.json'
import { replay } from './reduce'

const turn = waiting as unknown as SessionEvent[]
/** Some hundred turns, each with a tool call, one behind the other. */
const events = Array.from({ length: 600 }, (_, n) => {
  const event = turn[n % turn.length] as SessionEvent
  return JSON.parse(
    JSON.stringify({ ...event, seq: n + 1 }).replaceAll(
      /sevt_\w+/g,
      (id) => `${id}_${Math.floor(n / turn.length)}`,
    ),
  ) as SessionEvent
})
const part = (from: number, to: number) => events.slice(from - 1, to)
const tail = (from: number) => heldOf([replay(part(from, 600))])
const whole = replay(events)
const seqs = ({ parts }: Held) => parts.flatMap((log) => log.events.map((event) => event.seq))

it('is the whole log once everything is there, in whatever order and pieces it came', () => {
  const pieces: [number, number][] = [
    [401, 500],
    [1, 100],
    [250, 260],
    [90, 300],
    [395, 405],
    [301, 400],
  ]
  const held = pieces.reduce((held, [from, to]) => insert(held, part(from, to)), tail(501))
  expect(held.parts).toHaveLength(1)
  expect(tailOf(held)).toEqual(whole)
  expect(held.rows).toEqual(whole.rows)
  expect(gapsOf(held)).toEqual([])
})

it('knows what is missing, and between which rows', () => {
  const held = insert(insert(tail(501), part(101, 200)), part(301, 350))
  expect(gapsOf(held)).toEqual([
    { from: 1, to: 100 },
    { from: 201, to: 300 },
    { from: 351, to: 500 },
  ])
  expect(missing(held)).toBe(350)
  expect(held.starts.map((row) => gapBefore(held, row))).toEqual(gapsOf(held))
  expect(gapBefore(held, (held.starts[1] ?? 0) + 1)).toBeUndefined()
  expect([holds(held, 200), holds(held, 201)]).toEqual([true, false])
  for (const [row, { key }] of held.rows.entries()) {
    expect(
      partAt(held, row).rows.some((own) => own.key === key),
      key,
    ).toBe(true)
  }
})

it('leads from any event to its row', () => {
  const held = insert(tail(501), part(101, 200))
  for (const [row, { key }] of held.rows.entries()) {
    const seq = events.find((event) => event.id === key)?.seq ?? 0
    expect(rowAt(held, seq)).toBe(row)
  }
  expect(rowAt(held, 50)).toBeUndefined()
})

it('keeps what the end says of the session, whatever is put in front', () => {
  const end = replay(part(590, 600))
  const before = heldOf([
    { ...end, title: 'Given elsewhere', live: { id: 'x', kind: 'message', text: 'Hé', end: 3 } },
  ])
  const held = insert(before, part(500, 589))
  expect(tailOf(held)).toMatchObject({ title: 'Given elsewhere', live: { text: 'Hé' }, first: 500 })
})

it('lets go of what is far away and never of the end', () => {
  const all = heldOf([whole])
  expect(letGo(all, 100, 600), 'not too much').toBe(all)
  const held = letGo(all, 100, 90)
  expect(gapsOf(held)).toEqual([
    { from: 1, to: 69 },
    { from: 131, to: 300 },
  ])
  expect(tailOf(held).events.at(-1)).toBe(whole.events.at(-1))
  const atEnd = letGo(all, 600, 90)
  expect([seqs(atEnd).length, gapsOf(atEnd)]).toEqual([300, [{ from: 1, to: 300 }]])
  const again = gapsOf(held).reduce((held, { from, to }) => insert(held, part(from, to)), held)
  expect(tailOf(again)).toEqual(whole)
})

it('counts what is not there by the overview, and what came since by itself', () => {
  const none = { from: '', to: '', rested_ms: 0, waits: 0, retries: 0, errors: 0 }
  const overview = [
    { ...none, first_seq: 1, last_seq: 300, model_calls: 40, tool_calls: 7 },
    { ...none, first_seq: 301, last_seq: 590, model_calls: 39, tool_calls: 5 },
  ]
  const count = (name: string) => part(591, 600).filter((event) => event.type === name).length
  expect(totalsOf(tail(501), overview)).toEqual({
    modelCalls: 79 + count('span.model_request_start'),
    toolCalls: 12 + count('agent.tool_use'),
    isWhole: true,
  })
  expect(totalsOf(tail(501), []).isWhole).toBe(false)
  expect(totalsOf(heldOf([whole]), [])).toEqual({
    modelCalls: whole.calls.size,
    toolCalls: whole.tools.size,
    isWhole: true,
  })
})
