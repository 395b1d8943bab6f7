// Writes the types of the APIs that the console speaks from the documents that the server serves.
// `node scripts/generate.mjs` writes them; a unit test calls `generated()` and compares.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'

const documents = new URL('../../openapi/', import.meta.url)
export const folder = new URL('../src/lib/api/generated/', import.meta.url)
export const names = ['native', 'cased']

/** The types of one API, as they are to be checked in. */
export async function generated(/** @type {string} */ name) {
  const document = JSON.parse(await readFile(new URL(`${name}.json`, documents), 'utf8'))
  // Two APIs use one name for several operations; nothing here goes by these names.
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations)) delete operation.operationId
  }
  return `// Made of openapi/${name}.json by scripts/generate.mjs.\n\n${astToString(await openapiTS(document))}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of names) {
    await writeFile(new URL(`${name}.d.ts`, folder), await generated(name))
  }
}
