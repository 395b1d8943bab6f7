import { describe, expect, it } from 'vitest'
import { faultOfFile } from './knowledge'

describe('a file that is to be uploaded', () => {
  it.each([
    ['handbook.pdf', 1000, false, undefined],
    ['HANDBOOK.PDF', 1000, false, undefined],
    ['notes.md', 1000, true, undefined],
    ['handbook.pdf', 1000, true, /TXT, MD/],
    ['picture.png', 1000, false, /Only TXT/],
    ['README', 1000, false, /Only TXT/],
    ['empty.txt', 0, false, /empty/],
    ['large.txt', 21 << 20, false, /20 MiB/],
    ['long.txt', 200_000, true, /102,400/],
  ])('%s of %d bytes, for all: %s', (name, bytes, isShared, expected) => {
    const fault = faultOfFile(name, bytes, isShared)
    if (expected === undefined) expect(fault).toBeUndefined()
    else expect(fault).toMatch(expected)
  })
})
