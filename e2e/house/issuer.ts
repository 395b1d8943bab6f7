/** An issuer that people log in at, over OpenID Connect: one person, who logs in by a click. */

import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a browser was sent with. */
interface Asked {
  nonce: string
  challenge: string
}

/** Whoever is at the keyboard. */
export interface Person {
  sub: string
  email: string
  email_verified: boolean
  name: string
}

export const CLIENT = { id: 'sortie-of-the-journeys', secret: 'a-secret-of-both' }

const KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })

export class MockIssuer {
  person: Person = { sub: '1', email: 'nobody@journeys.example', email_verified: true, name: 'Nobody' }
  /** The codes that it gave, as what must be in no log. */
  readonly codes = new Map<string, Asked>()

  private constructor(private readonly server: Server) {}

  static async start(): Promise<MockIssuer> {
    const server = createServer((request, response) => {
      void issuer.answer(request, response)
    })
    const issuer = new MockIssuer(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return issuer
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url)
    if (pathname === '/authorize') return this.showPage(searchParams, response)
    const body = pathname === '/token' ? this.token(await form(request)) : this.documents()[pathname]
    response.statusCode = body ? 200 : 404
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(body ?? { error: 'invalid_grant' }))
  }

  private documents(): Record<string, unknown> {
    return {
      '/.well-known/openid-configuration': {
        issuer: this.url,
        authorization_endpoint: `${this.url}/authorize`,
        token_endpoint: `${this.url}/token`,
        jwks_uri: `${this.url}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      },
      '/keys': { keys: [{ ...KEY.publicKey.export({ format: 'jwk' }), kid: '1', use: 'sig', alg: 'RS256' }] },
    }
  }

  /** A page with two links: whoever follows one has logged in, or called it off. */
  private showPage(asked: URLSearchParams, response: ServerResponse): void {
    const code = `code-${this.codes.size}-${Math.random().toString(36).slice(2)}`
    this.codes.set(code, { nonce: asked.get('nonce') ?? '', challenge: asked.get('code_challenge') ?? '' })
    const back = (query: Record<string, string>) => {
      const state = asked.get('state') ?? ''
      return `${asked.get('redirect_uri')}?${new URLSearchParams({ ...query, state }).toString().replaceAll('&', '&amp;')}`
    }
    response.setHeader('content-type', 'text/html')
    response.end(
      `<!doctype html><html lang="en"><title>Log in</title><link rel="icon" href="data:,">
      <a href="${back({ code })}">I am ${this.person.name}</a> <a href="${back({ error: 'access_denied' })}">No</a>`,
    )
  }

  private token(sent: URLSearchParams): unknown {
    const asked = this.codes.get(sent.get('code') ?? '')
    const challenge = createHash('sha256').update(sent.get('code_verifier') ?? '').digest('base64url')
    if (asked?.challenge !== challenge) return undefined
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: this.url, aud: CLIENT.id, iat: now, exp: now + 60, nonce: asked.nonce, ...this.person }
    const text = `${part({ alg: 'RS256', kid: '1' })}.${part(claims)}`
    const signature = sign('RSA-SHA256', Buffer.from(text), KEY.privateKey).toString('base64url')
    return { access_token: 'access', token_type: 'Bearer', id_token: `${text}.${signature}` }
  }
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

async function form(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}
