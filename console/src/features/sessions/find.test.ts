import { expect, it } from 'vitest'
import type { SessionEvent } from '@/lib/session/log'
import denied from '@/lib/session/recorded/denied.json'
import { replay } from '@/lib/session/reduce'
import { nextOf, rowsWith } from './find'
import { whyWaiting } from './words'

const log = replay(denied as unknown as SessionEvent[])

it('finds words in messages, arguments and results', () => {
  const kinds = (text: string) => rowsWith(log, text).map((row) => log.rows[row]?.kind)
  expect(kinds('GREEN')).toContain('tool')
  expect(kinds('being painted')).toContain('tool')
  expect(kinds('scripted/demo')).toEqual(['model', 'model'])
  expect(kinds('  ')).toEqual([])
})

it('goes round', () => {
  expect(nextOf([2, 5], -1, 1)).toBe(2)
  expect(nextOf([2, 5], 5, 1)).toBe(2)
  expect(nextOf([2, 5], 2, -1)).toBe(5)
  expect(nextOf([], 0, 1)).toBeUndefined()
})

it('says why it waits', () => {
  const at = (length: number) => whyWaiting(replay((denied as unknown as SessionEvent[]).slice(0, length)))
  expect(at(6)).toBe('It waits for a person to allow or deny `book_room`.')
  expect(at(14)).toBe('It has answered and waits for the next message.')
  expect(at(2)).toBeUndefined()
})
