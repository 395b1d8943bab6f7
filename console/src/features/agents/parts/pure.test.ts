import { describe, expect, it } from 'vitest'
import type { Agent } from '../queries'
import { cronWords } from './cron'
import { compareLines, nearChanges } from './diff'
import { budgetOf, changeOf, draftOf, EMPTY_DRAFT, faultsOf, NO_LIMITS } from './draft'
import { faultsOf as faultsOfTool, formOf, type HttpTool, toolOf } from './httpTool'
import { readSignals } from './monitor'
import { readObjectSchema } from './schema'
import { originFault } from './trigger'

describe('a comparison', () => {
  const signs = { same: ' ', added: '+', removed: '-' }
  const told = (before: string, after: string) =>
    compareLines(before, after).map((line) => signs[line.kind] + line.text)

  it.each([
    ['a\nb\nc', 'a\nx\nc', [' a', '-b', '+x', ' c']],
    ['', 'a', ['+a']],
    ['a', '', ['-a']],
    ['a\nb', 'b\na', ['-a', ' b', '+a']],
    ['a', 'a', [' a']],
  ])('of %j and %j', (before, after, expected) => expect(told(before, after)).toEqual(expected))

  it('shows only what is near a change', () => {
    const text = Array.from({ length: 20 }, (_, line) => `line ${line}`)
    const lines = compareLines(text.join('\n'), text.with(10, 'other').join('\n'))
    const shown = nearChanges(lines)
    expect(shown.filter((line) => line !== undefined)).toHaveLength(6)
    expect(shown.filter((line) => line === undefined)).toHaveLength(2)
  })
})

describe('cron in words', () => {
  it.each([
    ['0 9 * * MON-FRI', 'every weekday at 09:00'],
    ['*/15 * * * *', 'every 15 minutes'],
    ['5 * * * *', 'every hour at :05'],
    ['0 7,19 * * *', 'every day at 07:00 and 19:00'],
    ['0 8 * * 0', 'every Sunday at 08:00'],
    ['0 8 * * 7', 'every Sunday at 08:00'],
    ['0 6 1 * *', 'on day 1 of every month at 06:00'],
    ['0 6 1 JAN,JUL *', 'on day 1 of January and July at 06:00'],
    ['0 6 1 * MON', undefined],
    ['61 6 * * *', undefined],
    ['every day', undefined],
    ['', undefined],
  ])('%s', (expression, expected) => expect(cronWords(expression)).toBe(expected))
})

describe('a schema', () => {
  it.each([
    ['{"type": "object", "properties": {"room": {"type": "string"}}, "required": ["room"]}', undefined],
    ['{', ''],
    ['[]', ''],
    ['{"type": "string"}', 'type'],
    ['{"type": "object", "properties": {"room": {"type": "text"}}}', 'properties.room.type'],
    ['{"type": "object", "properties": {"room": 3}}', 'properties.room'],
    ['{"type": "object", "properties": {}, "required": ["room"]}', 'required'],
    ['{"type": "object", "properties": {"a": {"type": "string", "enum": []}}}', 'properties.a.enum'],
  ])('%s', (text, path) => {
    const read = readObjectSchema(text)
    expect('faults' in read ? read.faults[0]?.path : undefined).toBe(path)
  })
})

describe('what is typed', () => {
  it('is checked before it is sent', () => {
    const limits = { ...NO_LIMITS, money: '5,0', tokens: '-1' }
    const faults = faultsOf({ ...EMPTY_DRAFT, outputSchema: '{', limits })
    expect(Object.keys(faults).sort()).toEqual(['model', 'money', 'name', 'output_schema', 'tokens'])
    expect(faults['output_schema']).toContain('Line 1, column 2: a name in double quotes is missing')
  })

  it('changes the output schema when it says something else, not when it looks otherwise', () => {
    const agent = { name: 'a', model: { id: 'm' }, tools: [], output_schema: { type: 'object' } }
    const base = agent as unknown as Agent
    const typed = (outputSchema: string) => changeOf({ ...draftOf(base), outputSchema }, base)
    expect(typed('{"type":\n"object"}')).toEqual({})
    expect(typed('{"type": "array"}')).toEqual({ output_schema: { type: 'array' } })
    expect(typed(' ')).toEqual({ output_schema: null })
    expect(faultsOf({ ...draftOf(base), outputSchema: '{"required": ["x"], "properties": {}}' })).toEqual({})
  })

  it('is no budget where nothing stands', () => {
    expect(budgetOf(NO_LIMITS)).toBeNull()
    expect(budgetOf({ ...NO_LIMITS, money: '0.50' })?.max_list_cost).toEqual({
      amount: '0.50',
      currency: 'USD',
    })
  })

  it.each([
    ['https://www.example.org', true],
    ['http://localhost:8080', true],
    ['https://*.example.org', true],
    ['https://example.org/path', false],
    ['example.org', false],
    ['javascript:alert(1)', false],
  ])('the origin %s', (origin, isGood) => expect(originFault(origin) === undefined).toBe(isGood))

  it.each([
    ['[]', true],
    ['[{"name": "p95", "source": {"kind": "http"}}]', true],
    ['{}', false],
    ['[{"name": "p95"}]', false],
    ['[', false],
  ])('the signals %s', (text, isGood) => expect('signals' in readSignals(text)).toBe(isGood))
})

describe('an HTTP tool', () => {
  const room = {
    type: 'http',
    name: 'find_room',
    description: 'Finds a room.',
    method: 'GET',
    url: 'https://rooms.example.com',
    headers: { 'X-Floor': '2' },
    effect: 'unsafe',
    permission_policy: { type: 'always_deny' },
    timeout_ms: 5000,
    input_schema: { type: 'object', properties: {} },
  } as unknown as HttpTool

  it('keeps what its form does not show', () => {
    expect(toolOf({ ...formOf(room), description: 'Finds a free room.' }, room)).toEqual({
      ...room,
      description: 'Finds a free room.',
    })
  })

  it('asks from the start if it may change something', () => {
    const form = formOf(room)
    expect(toolOf(form, undefined).permission_policy?.type).toBe('always_allow')
    expect(toolOf({ ...form, method: 'POST' }, undefined).permission_policy?.type).toBe('always_ask')
  })

  it('is told where it is wrong', () => {
    expect(faultsOfTool(formOf(room))).toEqual({})
    const faults = faultsOfTool({ ...formOf(room), headers: 'X-Floor: 2\nBearer' })
    expect(faults).toEqual({ headers: 'Line 2 should be a name, a colon and a value.' })
  })
})
