import { expect, it } from 'vitest'
import { bytes, duration, money, plural, relative, shortId, tokens } from './format'

it.each([
  [0, '0'],
  [999, '999'],
  [1234, '1.23k'],
  [12_345, '12.3k'],
  [99_960, '100k'],
  [999_499, '999k'],
  [999_500, '1.00M'],
  [4_560_000, '4.56M'],
])('%d tokens are %s', (count, text) => expect(tokens(count)).toBe(text))

it.each([
  ['0', '$0'],
  ['20', '<$0.0001'],
  ['4210', '$0.0042'],
  ['20000', '$0.02'],
  ['1254000', '$1.25'],
  ['100000', '$0.10'],
  ['999990000', '$999.99'],
  ['1204400000', '$1,204'],
  ['1234567890000', '$1,234,568'],
])('%s millionths are %s', (amount_micros, text) => {
  expect(money({ amount: '0', currency: 'USD', amount_micros })).toBe(text)
})

it('shows a sum in the currency that it is in', () => {
  expect(money({ amount: '0', currency: 'EUR', amount_micros: '1254000' })).toBe('€1.25')
})

it('shows a sum that is not known as a dash', () => expect(money(null)).toBe('–'))

it.each([
  [84, '84 ms'],
  [3210, '3.2 s'],
  [9960, '10 s'],
  [245_000, '4 min 05 s'],
  [7_800_000, '2 h 10 min'],
  [273_600_000, '3 d 4 h'],
  [-5, '0 ms'],
])('%d milliseconds are %s', (ms, text) => expect(duration(ms)).toBe(text))

const now = Date.parse('2026-06-15T12:00:00Z')
it.each([
  ['2026-06-15T11:59:58Z', 'now'],
  ['2026-06-15T11:59:18Z', '42 s ago'],
  ['2026-06-15T11:55:00Z', '5 min ago'],
  ['2026-06-15T15:00:00Z', 'in 3 h'],
  ['2026-03-12T12:00:00Z', '12 Mar'],
  ['2024-03-12T12:00:00Z', '12 Mar 2024'],
])('%s is %s', (iso, text) => expect(relative(iso, now)).toBe(text))

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1500, '1.5 kB'],
  [25_000_000, '25.0 MB'],
])('%d bytes are %s', (size, text) => expect(bytes(size)).toBe(text))

it('counts', () => {
  expect(plural(1, 'run')).toBe('1 run')
  expect(plural(1200, 'run')).toBe('1,200 runs')
})

it('keeps head and tail of an id', () => {
  expect(shortId('sesn_01j8zq4v9f0000000000000abc')).toBe('sesn_01j8…0abc')
  expect(shortId('short')).toBe('short')
})
