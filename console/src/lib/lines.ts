/** What people type one in a line. */

/** The lines, without what is empty. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** How a line gives a value its name. */
interface Pairing {
  /** Finds the name, then the value. */
  form: RegExp
  /** What a line should be: `a name, a colon and a value`. */
  words: string
}

/** Names with their values; or which line is none, or names one again. */
export function readPairs(
  text: string,
  { form, words }: Pairing,
): { pairs: Record<string, string> } | { fault: string } {
  const pairs = new Map<string, string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const [, name, value] = form.exec(line.trim()) ?? []
    if (name === undefined || value === undefined) return { fault: `Line ${index + 1} should be ${words}.` }
    if (pairs.has(name)) return { fault: `Line ${index + 1} gives ${name} a second value.` }
    pairs.set(name, value)
  }
  return { pairs: Object.fromEntries(pairs) }
}
