import type { Schemas } from '@/lib/api/client'

export type HttpTool = Schemas['HttpToolView']

/** The request that a tool would make. */
export interface HttpCall {
  method: string
  url: string
  /** What is sent along; nothing where all arguments stand in the address. */
  body: Record<string, unknown> | undefined
}

const WITHOUT_BODY = new Set(['GET', 'HEAD', 'DELETE'])

/**
 * The request as the server makes it: `{name}` in the address is filled with the argument of that
 * name, what is left goes into the query or the body, by the method. Undefined where the arguments
 * cannot be read as that, so that nothing is shown that is not called.
 */
export function callOf(tool: HttpTool, input: unknown): HttpCall | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined
  const left = new Map(Object.entries(input))
  const used = new Set<string>()
  const filled = tool.url.replaceAll(/\{([A-Za-z0-9_]+)\}/g, (whole, name: string) => {
    const value = left.get(name)
    if (value === undefined || value === null) return whole
    used.add(name)
    return encodeURIComponent(textOf(value))
  })
  for (const name of used) left.delete(name)
  const method = tool.method.toUpperCase()
  if (!WITHOUT_BODY.has(method)) {
    return { method, url: filled, body: left.size > 0 ? Object.fromEntries(left) : undefined }
  }
  const pairs = [...left].flatMap(([name, value]) => pairsOf(name, value))
  if (pairs.length === 0) return { method, url: filled, body: undefined }
  const query = new URLSearchParams(pairs).toString()
  return { method, url: `${filled}${filled.includes('?') ? '&' : '?'}${query}`, body: undefined }
}

/** A list is one pair for each item; `null` is none. */
function pairsOf(name: string, value: unknown): [string, string][] {
  if (value === null) return []
  if (Array.isArray(value)) return value.map((item) => [name, textOf(item)])
  return [[name, textOf(value)]]
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
