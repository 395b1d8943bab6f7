import { expect, it } from 'vitest'
import { csvOf } from './csv'

it.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['she said "no"', '"she said ""no"""'],
  ['two\nlines', '"two\nlines"'],
  ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
  ['-1', "'-1"],
  ['@cmd', "'@cmd"],
])('writes %j as %j', (text, cell) => {
  expect(csvOf(['name'], [[text]])).toBe(`name\r\n${cell}\r\n`)
})
