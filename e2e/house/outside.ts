/** What else is outside of the house: numbers to be watched, and somebody who is told what happens. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from './api.ts'

/** A receiver of webhooks: its address, what it was told, and with which status it answers. */
export interface Receiver {
  url: string
  told: Json[]
  status: number
}

/** A metric, which was `before` until a moment ago. */
export interface Metric {
  url: string
  before: number
  now: number
}

/** What is measured from then on is `now`. */
const A_MOMENT_SECONDS = 15 * 60

export class Outside {
  private readonly receivers = new Map<string, Receiver>()
  private readonly metrics = new Map<string, Metric>()

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Outside> {
    const server = createServer((request, response) => {
      void outside.answer(request, response)
    })
    const outside = new Outside(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return outside
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  receiver(): Receiver {
    const path = `/hooks/${this.receivers.size}`
    const receiver = { url: `http://${this.host}${path}`, told: [], status: 200 }
    this.receivers.set(path, receiver)
    return receiver
  }

  /** A Prometheus that knows one number. */
  metric(before: number): Metric {
    const path = `/metrics/${this.metrics.size}`
    const metric = { url: `http://${this.host}${path}`, before, now: before }
    this.metrics.set(path, metric)
    return metric
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString('utf8')
    const url = new URL(request.url ?? '/', `http://${this.host}`)
    const receiver = this.receivers.get(url.pathname)
    const metric = this.metrics.get(url.pathname.replace('/api/v1/query_range', ''))
    if (receiver) {
      receiver.told.push(JSON.parse(body) as Json)
      response.writeHead(receiver.status).end('Thank you.')
    } else if (metric) {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(rangeOf(metric, new URLSearchParams(url.search || body))))
    } else {
      response.writeHead(404).end()
    }
  }
}

/** As Prometheus answers a query over a range. */
function rangeOf({ before, now }: Metric, asked: URLSearchParams): Json {
  const [start, end] = [Number(asked.get('start')), Number(asked.get('end'))]
  const step = Math.max(1, Number.parseFloat(asked.get('step') ?? '60'))
  const since = Date.now() / 1000 - A_MOMENT_SECONDS
  const values = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => {
    const at = start + index * step
    return [at, String(at < since ? before : now)]
  })
  return { status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values }] } }
}
