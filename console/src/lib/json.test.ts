import { expect, it } from 'vitest'
import { jsonFault, readJson, whereBroken } from './json'

it.each([
  ['', 1, 1, 'a value'],
  ['{', 1, 2, 'a name in double quotes'],
  ['{"a": 1,}', 1, 9, 'a name in double quotes'],
  ['{\n  "a" 1\n}', 2, 7, 'a colon'],
  ['{\n  "a": one\n}', 2, 8, 'a value'],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3, 'a comma or }'],
  ['[1, 2', 1, 6, 'a comma or ]'],
  ['{"a": "x\ny"}', 1, 7, 'the end of this text: a quote'],
  ["{'a': 1}", 1, 2, 'a name in double quotes'],
  ['{} {}', 1, 4, 'the end'],
  ['01', 1, 2, 'the end'],
])('finds where %j breaks', (text, line, column, expected) => {
  expect(jsonFault(text)).toEqual({ line, column, expected })
  expect(() => JSON.parse(text)).toThrow()
})

it.each(['{}', ' [1, -2.5e3, "\\u00e9\\n", {"a": [true, null]}]\n', '"x"', '0'])(
  'finds nothing in %j',
  (text) => {
    expect(jsonFault(text)).toBeUndefined()
    expect(() => JSON.parse(text)).not.toThrow()
  },
)

it('says the same as the parser of the browser, whatever is left out', () => {
  const whole = JSON.stringify(
    { type: 'object', properties: { a: { enum: [1, 'b', null] } }, n: -1.5e7 },
    null,
    1,
  )
  for (let cut = 0; cut < whole.length; cut++) {
    const text = whole.slice(0, cut) + whole.slice(cut + 1)
    let isJson = true
    try {
      JSON.parse(text)
    } catch {
      isJson = false
    }
    expect(jsonFault(text) === undefined, text).toBe(isJson)
  }
})

it('says where in words, the same for every form', () => {
  expect(whereBroken('{\n  "a": one\n}')).toBe(
    'This is no JSON. Line 2, column 8: a value is missing, or something else stands there.',
  )
  expect(whereBroken('{}')).toBeUndefined()
})

it('reads what is whole', () => {
  expect(readJson('{"a": [1]}')).toEqual({ value: { a: [1] } })
  expect(readJson('{"a": [1}')).toEqual({ fault: whereBroken('{"a": [1}') })
})
