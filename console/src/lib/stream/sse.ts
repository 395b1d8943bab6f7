/** One server-sent event. */
export interface Frame {
  id: string | undefined
  event: string
  data: string
}

/**
 * Reads a body of server-sent events. What arrives in one piece is given in one piece, so
 * that a long history costs few renders.
 */
export async function* frames(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame[], void, void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      const text = rest + decoder.decode(value, { stream: true })
      const { found, left } = split(text)
      rest = left
      yield found
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

function split(text: string): { found: Frame[]; left: string } {
  // A `\r` at the very end may be half of a line's end.
  const held = text.endsWith('\r') ? '\r' : ''
  const whole = held ? text.slice(0, -1) : text
  const plain = whole.includes('\r') ? whole.replace(/\r\n?/g, '\n') : whole
  const found: Frame[] = []
  let from = 0
  for (;;) {
    const end = plain.indexOf('\n\n', from)
    if (end < 0) break
    const frame = read(plain.slice(from, end))
    if (frame) found.push(frame)
    from = end + 2
  }
  return { found, left: plain.slice(from) + held }
}

/** A frame without data is a comment. */
function read(text: string): Frame | undefined {
  let id: string | undefined
  let event = 'message'
  const data: string[] = []
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon === 0) continue
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'id') id = value
    else if (field === 'event') event = value
    else if (field === 'data') data.push(value)
  }
  return data.length > 0 ? { id, event, data: data.join('\n') } : undefined
}
