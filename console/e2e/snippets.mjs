// Runs every sample of the Deployments tab against a real server, as a reader would.
//   node e2e/snippets.mjs URL KEY AGENT [--python PYTHON] [--rust check|run|skip]
// PYTHON has `requests` and `anthropic`. Rust needs cargo; it is checked unless told to run.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    rust: { type: 'string', default: 'check' },
  },
})
const [origin, key, agent] = positionals
if (!origin || !key || !agent) throw new Error('needs: URL KEY AGENT')

const run = promisify(execFile)
const samples = join(import.meta.dirname, '../src/features/agents/snippets')
const place = await mkdtemp(join(tmpdir(), 'snippets-'))

/** What a sample must print to be believed: the agent's answer, in whatever the API wraps it. */
const ANSWERS = {
  native: /\S/,
  threads: /\S/,
  'make-run': /\S/,
  'make-stream': /\bresult\b|"response"/,
}

const RUNNERS = {
  curl: async (text, name) => {
    const file = join(place, `${name}.sh`)
    await writeFile(file, `set -eu -o pipefail\n${text}`)
    return run('bash', [file])
  },
  python: async (text, name) => {
    const file = join(place, `${name}.py`)
    await writeFile(file, text)
    return run(options.python, [file])
  },
  typescript: async (text, name) => {
    // Node 20 does not read types: the compiler checks them and takes them away.
    const file = join(place, `${name}.mts`)
    await writeFile(file, `${text}\nexport {}\n`)
    const modules = join(import.meta.dirname, '../node_modules')
    await run(process.execPath, [
      join(modules, 'typescript/bin/tsc'),
      ...['--strict', '--target', 'es2023', '--module', 'nodenext', '--skipLibCheck'],
      ...['--typeRoots', join(modules, '@types'), '--types', 'node', '--outDir', place, file],
    ])
    return run(process.execPath, [join(place, `${name}.mjs`)])
  },
  rust: async (text, name) => {
    const crate = join(place, 'rust')
    await mkdir(join(crate, 'src/bin'), { recursive: true })
    await writeFile(
      join(crate, 'Cargo.toml'),
      '[package]\nname = "sample"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n' +
        '[dependencies]\nserde_json = "1"\nureq = { version = "3", features = ["json"] }\n',
    )
    await writeFile(join(crate, `src/bin/${name}.rs`), text)
    const quiet = ['--quiet', '--manifest-path', join(crate, 'Cargo.toml'), '--bin', name]
    return run('cargo', [options.rust === 'run' ? 'run' : 'check', ...quiet])
  },
}

const fill = (text) =>
  text.replaceAll('{{origin}}', origin).replaceAll('{{key}}', key).replaceAll('{{agent}}', agent)

let failures = 0
const files = (await readdir(samples))
  .filter((file) => file.endsWith('.txt') && !(options.rust === 'skip' && file.includes('.rust.')))
  .sort()
for (const file of files) {
  const [way, language] = file.split('.')
  const text = fill(await readFile(join(samples, file), 'utf8'))
  const isChecked = language === 'rust' && options.rust !== 'run'
  try {
    const { stdout } = await RUNNERS[language](text, `${way}-${language}`)
    if (!isChecked && !ANSWERS[way].test(stdout)) throw new Error(`it printed nothing of use: ${stdout}`)
    process.stdout.write(`ok    ${file}${isChecked ? ' (checked)' : ''}\n`)
  } catch (error) {
    failures += 1
    process.stdout.write(`FAIL  ${file}\n${error.stdout ?? ''}${error.stderr ?? ''}${error.message}\n`)
  }
}
await rm(place, { recursive: true, force: true })
process.stdout.write(`${files.length - failures} of ${files.length} samples work\n`)
process.exit(failures === 0 && files.length > 0 ? 0 : 1)
