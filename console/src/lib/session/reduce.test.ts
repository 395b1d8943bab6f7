import { expect, it } from 'vitest'
import { EMPTY, type SessionEvent, textOf, waiting } from './log'
import { piecesOf } from './pieces'
import custom from './recorded/custom.json'
import denied from './recorded/denied.json'
import plain from './recorded/plain.json'
import waits from './recorded/waiting.json'
import { type Piece, reduce, replay } from './reduce'

const recorded = { custom, denied, plain, waits } as unknown as Record<string, SessionEvent[]>
const log = (name: keyof typeof recorded) => recorded[name] ?? []
const kinds = (name: keyof typeof recorded) => replay(log(name)).rows.map((row) => row.kind)
const stored = (event: SessionEvent): Piece => ({ type: 'stored', event })

it('groups a turn under its model call', () => {
  expect(kinds('plain')).toEqual(['message', 'model', 'message', 'message', 'model', 'message'])
  const { calls, status, stopReason, usage } = replay(log('plain'))
  const [call] = [...calls.values()]
  expect(call).toMatchObject({ model: 'scripted/demo', isError: false, tools: [] })
  expect(call?.usage?.output_tokens).toBeGreaterThan(0)
  expect(Date.parse(call?.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(call?.startedAt ?? ''))
  expect([status, stopReason?.type]).toEqual(['idle', 'end_turn'])
  expect(usage?.input_tokens).toBeGreaterThan(0)
})

it('knows what waits for whom', () => {
  const [room] = waiting(replay(log('waits')))
  expect(room).toMatchObject({ name: 'book_room', need: 'approval', asked: true, endedAt: undefined })
  const [lookup] = waiting(replay(log('custom')))
  expect(lookup).toMatchObject({ name: 'lookup', need: 'client_result', isCustom: true })
  expect(waiting(replay(log('plain')))).toEqual([])
})

it('gives a tool call to the model call that asked for it', () => {
  const { calls, tools } = replay(log('waits'))
  expect([...calls.values()].at(-1)?.tools).toEqual([...tools.keys()])
})

it('keeps what a person decided, and what came of it', () => {
  const session = replay(log('denied'))
  const [tool] = [...session.tools.values()]
  expect(tool?.decision).toMatchObject({ result: 'deny', message: 'The green room is being painted.' })
  expect(textOf(tool?.result ?? [])).toContain('The green room is being painted.')
  expect(tool?.need).toBeUndefined()
  expect(session.status).toBe('idle')
})

it('closes every bar of a turn that is over', () => {
  for (const name of ['plain', 'denied']) {
    expect(
      replay(log(name)).bars.filter((bar) => bar.to === undefined),
      name,
    ).toEqual([])
  }
  const open = replay(log('waits')).bars.filter((bar) => bar.to === undefined)
  expect(open.map((bar) => bar.lane)).toEqual(['person'])
})

it('gives the same from any pieces, and passes over what it has', () => {
  for (const [name, events] of Object.entries(recorded)) {
    const whole = replay(events)
    for (let cut = 0; cut <= events.length; cut++) {
      const first = reduce(EMPTY, events.slice(0, cut).map(stored))
      const again = reduce(first, events.slice(Math.max(0, cut - 3)).map(stored))
      expect(again, `${name}, cut at ${cut}`).toEqual(whole)
    }
  }
})

it('changes nothing of what it was given', () => {
  const before = replay(log('waits'))
  const copy = structuredClone(before)
  reduce(
    before,
    log('denied').map((event, n) => stored({ ...event, seq: before.events.length + 1 + n })),
  )
  expect(before).toEqual(copy)
})

const start: Piece = { type: 'start', id: 'a', kind: 'message' }
const delta = (text: string, offset: number): Piece => ({
  type: 'delta',
  id: 'a',
  text,
  offset,
  end: offset + new TextEncoder().encode(text).length,
})

it('puts text in the making together, over a lost connection too', () => {
  const live = (...pieces: Piece[]) => reduce(EMPTY, pieces).live?.text
  expect(live(start, delta('Hé', 0), delta('llo', 3))).toBe('Héllo')
  expect(live(start, delta('Hé', 0), start, delta('Héllo', 0), delta('!', 6))).toBe('Héllo!')
  expect(live(start, delta('Hé', 0), delta('éllo', 1)), 'what overlaps is not doubled').toBe('Héllo')
  expect(live(delta('Hel', 0), delta('el', 1)), 'what is known says nothing').toBe('Hel')
})

it('lets go of text in the making when it is stored', () => {
  const [, , , message] = log('plain')
  if (!message) throw new Error('the recording has changed')
  const before = replay(log('plain').slice(0, 3))
  const live = reduce(before, [{ type: 'start', id: message.id, kind: 'message' }])
  expect(live.live?.id).toBe(message.id)
  expect(reduce(live, [stored(message)]).live).toBeUndefined()
})

it('reads the frames of a stream', () => {
  const [event] = log('plain')
  const frame = (event: string, data: unknown) => ({ id: undefined, event, data: JSON.stringify(data) })
  expect(
    piecesOf([
      frame('ping', { type: 'ping' }),
      frame('user.message', event),
      frame('event_start', { event: { type: 'agent.thinking', id: 'x' } }),
      frame('event_delta', {
        event_id: 'a',
        delta: { content: { type: 'text', text: 'Hé' } },
        offset: 0,
        end: 3,
      }),
    ]),
  ).toEqual([event && stored(event), { type: 'start', id: 'x', kind: 'thinking' }, delta('Hé', 0)])
  expect(() => piecesOf([frame('error', { error: { message: 'gone' } })])).toThrow('gone')
})

it('folds 50,000 events quickly enough to open a page', () => {
  const turn = log('plain').slice(0, 7)
  const many = Array.from({ length: 50_000 }, (_, n) => ({
    ...(turn[n % 7] as SessionEvent),
    seq: n + 1,
    id: `e${n}`,
  }))
  const session = replay(many)
  expect(session.events).toHaveLength(50_000)
  const next = reduce(session, [stored({ ...(turn[0] as SessionEvent), seq: 50_001, id: 'last' })])
  expect(next.rows).toHaveLength(session.rows.length + 1)
})
