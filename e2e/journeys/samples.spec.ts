import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from '../house/test.ts'

const SAMPLES = new URL('../../console/e2e/snippets.mjs', import.meta.url).pathname

/** As a reader pastes them, in every language; those in Rust are compiled. */
test('every sample of the Deployments tab does what it says', async ({ server }) => {
  test.setTimeout(300_000)
  server.model.rule = ({ said }) => ({ text: `You said: ${said}` })
  const agent = await server.api.agent('sampled')
  const python = process.env['SORTIE_TEST_PYTHON'] ?? 'python3'
  const run = promisify(execFile)(process.execPath, [SAMPLES, server.url, server.key, agent, '--python', python])
  // What a sample that fails says is in what is printed.
  const { stdout } = await run.catch((error: { stdout: string }) => error)
  expect(stdout).toContain('16 of 16 samples work')
})
