/** Somebody else's site: its pages, and the headers that they come with. */

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HostPage {
  html: string
  headers?: Record<string, string>
}

export class Site {
  private constructor(private readonly server: Server) {}

  static async start(pages: Record<string, HostPage>): Promise<Site> {
    const server = createServer((request, response) => {
      const page = pages[new URL(request.url ?? '/', 'http://x').pathname]
      response.writeHead(page ? 200 : 404, { 'content-type': 'text/html; charset=utf-8', ...page?.headers })
      // No icon: the browser would ask for one.
      response.end(page ? `<!doctype html><link rel="icon" href="data:,">${page.html}` : '')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Site(server)
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }
}
