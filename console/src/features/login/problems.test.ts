import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { problemOf, requestOf, wordsFor } from './problems'

/** The words that the server sends, as it spells them. */
function sent(): string[] {
  const source = readFileSync(
    join(import.meta.dirname, '../../../../crates/api-native/src/issuers.rs'),
    'utf8',
  )
  return [...source.matchAll(/NotLetIn::\w+(?:\(_\))? => "(\w+)"/g)].map(([, word]) => word ?? '')
}

test('every word of the server is one that the login page explains', () => {
  const words = sent()
  expect(words.length).toBeGreaterThan(10)
  for (const word of words) {
    const problem = problemOf(word)
    expect(problem, word).toBeDefined()
    if (problem) expect(wordsFor(problem).advice).toMatch(/\.$/)
  }
})

test('an address puts no words of its own on the page', () => {
  for (const word of [undefined, '', 'Call 555-1234', 'toString', '__proto__', ['lost']]) {
    expect(problemOf(word)).toBeUndefined()
  }
  expect(requestOf('req_00000000000000000000000011')).toBe('req_00000000000000000000000011')
  for (const text of [undefined, 'req_', 'call 555-1234', 'req_00000000000000000000000011 and more']) {
    expect(requestOf(text)).toBeUndefined()
  }
})
