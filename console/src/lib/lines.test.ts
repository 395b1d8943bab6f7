import { expect, it } from 'vitest'
import { linesOf, readPairs } from './lines'

const HEADERS = { form: /^([\w-]+)\s*:\s*(.+)$/, words: 'a name, a colon and a value' }

it('passes over what is empty', () => {
  expect(linesOf(' a \n\n  \nb')).toEqual(['a', 'b'])
})

it.each([
  ['', {}],
  ['\nX-Room: green\n\nAuthorization:Bearer a:b\n', { 'X-Room': 'green', Authorization: 'Bearer a:b' }],
])('reads the pairs of %j', (text, pairs) => {
  expect(readPairs(text, HEADERS)).toEqual({ pairs })
})

it.each([
  ['X-Room: green\n\nBearer', 'Line 3 should be a name, a colon and a value.'],
  ['X-Room:', 'Line 1 should be a name, a colon and a value.'],
  ['X-Room: green\nX-Room: blue', 'Line 2 gives X-Room a second value.'],
])('says which line of %j is none', (text, fault) => {
  expect(readPairs(text, HEADERS)).toEqual({ fault })
})
