import makeRunCurl from './make-run.curl.txt?raw'
import makeRunPython from './make-run.python.txt?raw'
import makeRunRust from './make-run.rust.txt?raw'
import makeRunTypescript from './make-run.typescript.txt?raw'
import makeStreamCurl from './make-stream.curl.txt?raw'
import makeStreamPython from './make-stream.python.txt?raw'
import makeStreamRust from './make-stream.rust.txt?raw'
import makeStreamTypescript from './make-stream.typescript.txt?raw'
import nativeCurl from './native.curl.txt?raw'
import nativePython from './native.python.txt?raw'
import nativeRust from './native.rust.txt?raw'
import nativeTypescript from './native.typescript.txt?raw'
import threadsCurl from './threads.curl.txt?raw'
import threadsPython from './threads.python.txt?raw'
import threadsRust from './threads.rust.txt?raw'
import threadsTypescript from './threads.typescript.txt?raw'

export type Way = 'native' | 'threads' | 'make-run' | 'make-stream'
export type Language = 'curl' | 'python' | 'typescript' | 'rust'

export const WAYS: { value: Way; label: string; about: string }[] = [
  {
    value: 'native',
    label: 'Sessions',
    about: 'The native API: a session, one message, the answer as it is written.',
  },
  {
    value: 'threads',
    label: 'Threads',
    about: 'The Cassidy-compatible API: one request, one whole answer with its sources.',
  },
  {
    value: 'make-run',
    label: 'Run',
    about: 'The Make-compatible API: one call that answers when the run has ended.',
  },
  { value: 'make-stream', label: 'Run and stream', about: 'The same run, step by step as it happens.' },
]

export const LANGUAGES: { value: Language; label: string; file: string; needs: string }[] = [
  { value: 'curl', label: 'curl', file: 'ask.sh', needs: 'a shell with curl' },
  { value: 'python', label: 'Python', file: 'ask.py', needs: 'pip install requests' },
  { value: 'typescript', label: 'TypeScript', file: 'ask.ts', needs: 'Node 20 or newer, nothing else' },
  {
    value: 'rust',
    label: 'Rust',
    file: 'src/main.rs',
    needs: 'cargo add ureq serde_json --features ureq/json',
  },
]

const TEXTS: Record<Way, Record<Language, string>> = {
  native: { curl: nativeCurl, python: nativePython, typescript: nativeTypescript, rust: nativeRust },
  threads: { curl: threadsCurl, python: threadsPython, typescript: threadsTypescript, rust: threadsRust },
  'make-run': {
    curl: makeRunCurl,
    python: makeRunPython,
    typescript: makeRunTypescript,
    rust: makeRunRust,
  },
  'make-stream': {
    curl: makeStreamCurl,
    python: makeStreamPython,
    typescript: makeStreamTypescript,
    rust: makeStreamRust,
  },
}

/** What a program needs beside the language. */
export function needsOf(way: Way, language: Language): string {
  if (way === 'native' && language === 'python') return 'pip install anthropic'
  return LANGUAGES.find((one) => one.value === language)?.needs ?? ''
}

/** A key as it stands in a sample as long as nobody has made one. */
export const NO_KEY = 'YOUR_API_KEY'

/** The sample for a program, with the address, the agent and, if one was just made, the key in it. */
export function snippet(
  way: Way,
  language: Language,
  { origin, key, agent }: { origin: string; key?: string | undefined; agent: string },
): string {
  return fill(TEXTS[way][language], { origin, key: key ?? NO_KEY, agent }).trimEnd()
}

/** Puts values into `{{name}}`. What could end a quoted text in any of the languages is not put in. */
export function fill(text: string, values: Record<string, string>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => {
    const value = values[name]
    return value === undefined ? whole : value.replace(/["'\\`$\s]/g, '')
  })
}
