import { expect, it } from 'vitest'
import { type Frame, frames } from './sse'

async function read(...pieces: (string | Uint8Array)[]): Promise<Frame[]> {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces)
        controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece)
      controller.close()
    },
  })
  const all: Frame[] = []
  for await (const found of frames(body)) all.push(...found)
  return all
}

const text = 'id: 1\nevent: a\ndata: {"x":1}\n\n: draining\n\nevent: ping\ndata: {}\n\n'
const whole: Frame[] = [
  { id: '1', event: 'a', data: '{"x":1}' },
  { id: undefined, event: 'ping', data: '{}' },
]

it('reads frames, and passes over comments', async () => expect(await read(text)).toEqual(whole))

it('reads the same from any two pieces', async () => {
  for (const lines of [text, text.replaceAll('\n', '\r\n')]) {
    for (let cut = 0; cut <= lines.length; cut++) {
      expect(await read(lines.slice(0, cut), lines.slice(cut)), `cut at ${cut}`).toEqual(whole)
    }
  }
})

it('reads characters that are cut in two', async () => {
  const bytes = new TextEncoder().encode('data: é\n\n')
  expect(await read(bytes.slice(0, 7), bytes.slice(7))).toEqual([
    { id: undefined, event: 'message', data: 'é' },
  ])
})

it('drops a frame that was cut off', async () => expect(await read('data: half')).toEqual([]))

it('joins lines of data', async () =>
  expect(await read('data: a\ndata: b\n\n')).toEqual([{ id: undefined, event: 'message', data: 'a\nb' }]))
