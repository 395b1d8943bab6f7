// @vitest-environment node
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { folder, generated, names } from '../../../scripts/generate.mjs'

it.each(names)(
  'the types of the %s API are made of its document',
  async (name) => {
    const written = await readFile(new URL(`${name}.d.ts`, folder), 'utf8')
    expect(written === (await generated(name)), 'run `npm run generate`').toBe(true)
  },
  30_000,
)
