import type { Schemas } from '@/lib/api/client'
import { readPairs } from '@/lib/lines'
import type { Tool } from './draft'
import { readObjectSchema } from './schema'

export type HttpTool = Extract<Tool, { type: 'http' }>

/** A tool over HTTP, as it is typed. */
export interface HttpForm {
  name: string
  description: string
  method: string
  url: string
  headers: string
  schema: string
  seconds: string
}

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']

const HEADERS = { form: /^([\w-]+)\s*:\s*(.+)$/, words: 'a name, a colon and a value' }

export function formOf(tool: HttpTool | undefined): HttpForm {
  return {
    name: tool?.name ?? '',
    description: tool?.description ?? '',
    method: tool?.method ?? 'GET',
    url: tool?.url ?? '',
    headers: Object.entries(tool?.headers ?? {})
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    schema: JSON.stringify(tool?.input_schema ?? { type: 'object', properties: {} }, null, 2),
    seconds: String((tool?.timeout_ms ?? 30_000) / 1000),
  }
}

/** What is wrong with what is typed, by the name of its field. */
export function faultsOf(form: HttpForm): Record<string, string> {
  const faults: Record<string, string> = {}
  if (!/^[\w-]{1,128}$/.test(form.name)) faults['name'] = '1 to 128 letters, digits, _ or -.'
  if (form.description.trim() === '') faults['description'] = 'The model needs to know what it is for.'
  if (!/^https?:\/\/\S+$/.test(form.url.trim()))
    faults['url'] = 'An address that begins with http:// or https://.'
  const headers = readPairs(form.headers, HEADERS)
  if ('fault' in headers) faults['headers'] = headers.fault
  if (!/^\d{1,4}(\.\d+)?$/.test(form.seconds)) faults['seconds'] = 'A number of seconds.'
  if ('faults' in readObjectSchema(form.schema)) faults['schema'] = 'Correct the schema.'
  return faults
}

export function paramOf(form: HttpForm): Schemas['HttpToolParam'] {
  const schema = readObjectSchema(form.schema)
  const headers = readPairs(form.headers, HEADERS)
  return {
    name: form.name,
    description: form.description.trim(),
    method: form.method,
    url: form.url.trim(),
    headers: 'pairs' in headers ? headers.pairs : {},
    timeout_ms: Math.round(Number(form.seconds) * 1000),
    input_schema: ('schema' in schema ? schema.schema : {}) as Record<string, never>,
  }
}

/**
 * The agent's own tool. What the form does not show of the one that is changed stays: what it does
 * to the world, and whether it asks.
 */
export function toolOf(form: HttpForm, before: HttpTool | undefined): HttpTool {
  const param = paramOf(form)
  const asks = param.method !== 'GET' && param.method !== 'HEAD'
  const type = asks ? ('always_ask' as const) : ('always_allow' as const)
  return { permission_policy: { type }, ...before, ...param, type: 'http' }
}
