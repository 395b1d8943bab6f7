import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { WORKFLOW } from './snippets'

it('shows the workflow that the documentation shows', () => {
  const docs = readFileSync(`${process.cwd()}/../docs/rollouts.md`, 'utf8')
  expect(docs).toContain(WORKFLOW.trimEnd())
})
