/** A model provider that says what a journey wants: chat completions, streamed. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One answer. */
export interface Answer {
  /** The words, sent one by one. */
  text?: string
  /** Milliseconds between two words. */
  pace?: number
  /** A call of one of the tools that were offered. */
  call?: { name: string; arguments: unknown }
  /** A status of HTTP with which it is refused, in these words. */
  refused?: { status: number; message: string }
}

/** What it is asked, as far as answers depend on it. */
export interface Asked {
  /** What the user said last; empty if the last word was a tool's. */
  said: string
  /** What a tool answered last. */
  result: string
  /** What it was told before anything was said. */
  system: string
  /** The names of the tools that are offered. */
  tools: string[]
}

export type Rule = (asked: Asked) => Answer

const echo: Rule = ({ said }) => ({ text: `You said: ${said}` })

interface Message {
  role: string
  content?: unknown
}

export class MockModel {
  /** How it answers from now on; it echoes until it is told otherwise. */
  rule: Rule = echo
  /** What was sent to each tool that is served beside the model, by its path. */
  private readonly tools = new Map<string, unknown[]>()

  private constructor(private readonly server: Server) {}

  static async start(): Promise<MockModel> {
    const server = createServer((request, response) => {
      void model.answer(request, response)
    })
    const model = new MockModel(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return model
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`
  }

  /** A tool to be called over HTTP: its address, and what it is called with. */
  tool(): { url: string; calls: unknown[] } {
    const calls: unknown[] = []
    const path = `/tools/${this.tools.size}`
    this.tools.set(path, calls)
    return { url: new URL(path, this.url).href, calls }
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ object: 'list', data: [{ id: 'model', object: 'model' }] }))
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    const calls = this.tools.get(new URL(request.url ?? '/', this.url).pathname)
    if (calls) {
      calls.push(JSON.parse(text))
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ done: true }))
      return
    }
    const body = JSON.parse(text) as {
      messages: Message[]
      tools?: { function: { name: string } }[]
    }
    const answer = this.rule(asked(body.messages, body.tools ?? []))
    if (answer.refused) {
      const { status, message } = answer.refused
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: { message, type: 'invalid_request_error' } }))
      return
    }
    response.setHeader('content-type', 'text/event-stream')
    await stream(answer, response)
  }
}

function asked(messages: Message[], tools: { function: { name: string } }[]): Asked {
  const last = messages.at(-1)
  const text = last ? plain(last.content) : ''
  return {
    said: last?.role === 'user' ? text : '',
    result: last?.role === 'tool' ? text : '',
    system: messages
      .filter(({ role }) => role === 'system')
      .map(({ content }) => plain(content))
      .join('\n'),
    tools: tools.map((tool) => tool.function.name),
  }
}

function plain(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: { text?: string }) => part.text ?? '').join('')
}

async function stream(answer: Answer, response: ServerResponse): Promise<void> {
  const send = (delta: unknown, finish: string | null = null) =>
    response.write(
      `data: ${JSON.stringify({
        id: 'chatcmpl-1',
        object: 'chat.completion.chunk',
        created: 0,
        model: 'model',
        choices: [{ index: 0, delta, finish_reason: finish }],
      })}\n\n`,
    )
  send({ role: 'assistant', content: '' })
  for (const word of answer.text?.match(/\S+\s*|\s+/g) ?? []) {
    if (response.destroyed) return
    send({ content: word })
    if (answer.pace) await new Promise((resolve) => setTimeout(resolve, answer.pace))
  }
  if (answer.call) {
    const { name, arguments: input } = answer.call
    const call = { index: 0, id: 'call_1', type: 'function', function: { name, arguments: JSON.stringify(input) } }
    send({ tool_calls: [call] })
  }
  send({}, answer.call ? 'tool_calls' : 'stop')
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
  response.end(`data: ${JSON.stringify({ id: 'chatcmpl-1', choices: [], usage })}\n\ndata: [DONE]\n\n`)
}
