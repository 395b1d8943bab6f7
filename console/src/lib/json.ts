/** What a text that somebody types is as JSON, or in words where it is broken. */
export type ReadJson = { value: unknown } | { fault: string }

export function readJson(text: string): ReadJson {
  const fault = whereBroken(text)
  return fault === undefined ? { value: JSON.parse(text) } : { fault }
}

/** Where a text breaks, said as every form says it; nothing if it is JSON. */
export function whereBroken(text: string): string | undefined {
  const broken = jsonFault(text)
  if (broken === undefined) return undefined
  const { line, column, expected } = broken
  return `This is no JSON. Line ${line}, column ${column}: ${expected} is missing, or something else stands there.`
}

/** Whether a value is an object with names. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Where a text stops being JSON, and what stands there in place of what. Lines and columns count from 1. */
interface JsonFault {
  line: number
  column: number
  expected: string
}

/** Browsers say where a text breaks each in their own words, or not at all. */
export function jsonFault(text: string): JsonFault | undefined {
  const at = { place: 0, depth: 0 }
  const expected = value(text, at) ?? behind(text, at)
  if (expected === undefined) return undefined
  const lines = text.slice(0, at.place).split('\n')
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1, expected }
}

interface Place {
  place: number
  depth: number
}

const DEEPEST = 200
const SPACE = /[ \t\n\r]*/y
const WORD = /true|false|null/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON allows none of them in a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y

/** Goes on behind what matches; whether anything did. */
function takes(text: string, at: Place, pattern: RegExp): boolean {
  pattern.lastIndex = at.place
  const found = pattern.exec(text)
  if (found) at.place += found[0].length
  return found !== null
}

function takesSign(text: string, at: Place, sign: string): boolean {
  takes(text, at, SPACE)
  if (text[at.place] !== sign) return false
  at.place += 1
  takes(text, at, SPACE)
  return true
}

/** What a value would have needed; nothing if there is one. */
function value(text: string, at: Place): string | undefined {
  takes(text, at, SPACE)
  if (at.depth >= DEEPEST) return `fewer than ${DEEPEST} levels`
  if (takesSign(text, at, '{')) return inside(text, at, '}', member)
  if (takesSign(text, at, '[')) return inside(text, at, ']', value)
  if (text[at.place] === '"') return takes(text, at, STRING) ? undefined : 'the end of this text: a quote'
  return takes(text, at, WORD) || takes(text, at, NUMBER) ? undefined : 'a value'
}

function member(text: string, at: Place): string | undefined {
  if (!takes(text, at, STRING)) return 'a name in double quotes'
  return takesSign(text, at, ':') ? value(text, at) : 'a colon'
}

function inside(
  text: string,
  at: Place,
  end: string,
  item: (text: string, at: Place) => string | undefined,
): string | undefined {
  if (takesSign(text, at, end)) return undefined
  at.depth += 1
  do {
    const expected = item(text, at)
    if (expected !== undefined) return expected
  } while (takesSign(text, at, ','))
  at.depth -= 1
  return takesSign(text, at, end) ? undefined : `a comma or ${end}`
}

function behind(text: string, at: Place): string | undefined {
  takes(text, at, SPACE)
  return at.place < text.length ? 'the end' : undefined
}
