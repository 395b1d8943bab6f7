/** A call as a line for the shell. The key is named, never written out. */
export function curl(method: string, path: string, body?: unknown): string {
  const parts = [`curl "$SORTIE_URL${path}"`, `-H "x-api-key: $SORTIE_API_KEY"`]
  if (method !== 'GET' && !(method === 'POST' && body !== undefined)) parts.splice(1, 0, `-X ${method}`)
  if (body !== undefined) {
    parts.push(`-H 'content-type: application/json'`, `-d ${quoted(JSON.stringify(body))}`)
  }
  return parts.join(' \\\n  ')
}

/** The same in one line, as empty states show it. */
export function commandLine(method: string, path: string, body?: unknown): string {
  return curl(method, path, body).replaceAll(' \\\n ', '')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
