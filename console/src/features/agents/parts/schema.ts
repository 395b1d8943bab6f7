import { isRecord, readJson } from '@/lib/json'

/** What is wrong with a text that is to be a JSON Schema, and where. */
export interface SchemaFault {
  /** As `properties.room.type`; empty for the whole. */
  path: string
  message: string
}

const TYPES = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'])
const DEEPEST = 20

export type ReadSchema = { schema: Record<string, unknown> } | { faults: SchemaFault[] }

/** A text that is a JSON object, whatever it says. */
export function readObject(text: string): { object: Record<string, unknown> } | { fault: string } {
  const read = readJson(text)
  if ('fault' in read) return read
  return isRecord(read.value) ? { object: read.value } : { fault: 'A schema is a JSON object: { … }' }
}

/** Reads the schema of an object, such as a tool's arguments. */
export function readObjectSchema(text: string): ReadSchema {
  const read = readSchema(text)
  if ('schema' in read && read.schema['type'] !== 'object') {
    return { faults: [{ path: 'type', message: 'The outermost type must be "object".' }] }
  }
  return read
}

/** Reads the text; what a server or a model would refuse is told where it stands. */
export function readSchema(text: string): ReadSchema {
  const read = readObject(text)
  if ('fault' in read) return { faults: [{ path: '', message: read.fault }] }
  const faults: SchemaFault[] = []
  check(read.object, '', faults, 0)
  return faults.length > 0 ? { faults } : { schema: read.object }
}

function check(schema: Record<string, unknown>, path: string, faults: SchemaFault[], depth: number) {
  if (depth > DEEPEST) {
    faults.push({ path, message: `Deeper than ${DEEPEST} levels.` })
    return
  }
  checkType(schema, path, faults)
  const properties = schema['properties']
  if (properties !== undefined && !isRecord(properties)) {
    faults.push({ path: under(path, 'properties'), message: 'Must be an object of schemas.' })
  }
  if (isRecord(properties)) {
    for (const [name, inner] of Object.entries(properties)) {
      checkInner(inner, under(path, `properties.${name}`), faults, depth)
    }
  }
  checkRequired(schema, path, faults)
  if (schema['items'] !== undefined) checkInner(schema['items'], under(path, 'items'), faults, depth)
  if (schema['enum'] !== undefined && !(Array.isArray(schema['enum']) && schema['enum'].length > 0)) {
    faults.push({ path: under(path, 'enum'), message: 'Must be a list with at least one value.' })
  }
}

function checkInner(inner: unknown, path: string, faults: SchemaFault[], depth: number) {
  if (isRecord(inner)) check(inner, path, faults, depth + 1)
  else if (typeof inner !== 'boolean') faults.push({ path, message: 'Must be a schema: { "type": … }' })
}

function checkType(schema: Record<string, unknown>, path: string, faults: SchemaFault[]) {
  const named = schema['type']
  if (named === undefined) return
  const types = Array.isArray(named) ? named : [named]
  const unknown = types.find((type) => typeof type !== 'string' || !TYPES.has(type))
  if (unknown !== undefined || types.length === 0) {
    faults.push({ path: under(path, 'type'), message: `No type of JSON Schema: ${JSON.stringify(unknown)}` })
  }
}

function checkRequired(schema: Record<string, unknown>, path: string, faults: SchemaFault[]) {
  const required = schema['required']
  if (required === undefined) return
  const at = under(path, 'required')
  if (!Array.isArray(required) || required.some((name) => typeof name !== 'string')) {
    faults.push({ path: at, message: 'Must be a list of names.' })
    return
  }
  const { properties } = schema
  if (!isRecord(properties)) return
  for (const name of required as string[]) {
    if (!Object.hasOwn(properties, name)) faults.push({ path: at, message: `"${name}" is no property.` })
  }
}

const under = (path: string, name: string) => (path === '' ? name : `${path}.${name}`)
