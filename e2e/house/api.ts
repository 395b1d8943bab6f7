/** What a journey prepares over the API, so that it can begin where it matters. */

export type Json = Record<string, unknown>

let named = 0

/** A name that no other journey of this server has. */
export function fresh(name: string): string {
  named += 1
  return `${name}-${named}`
}

export class Api {
  constructor(
    private readonly url: string,
    private readonly key: string,
    private readonly project?: string,
  ) {}

  /** The same within a project: what is made is made there. */
  within(project: string): Api {
    return new Api(this.url, this.key, project)
  }

  get(path: string): Promise<Json> {
    return this.call('GET', path)
  }

  post(path: string, body: unknown = {}): Promise<Json> {
    return this.call('POST', path, body)
  }

  /** The status alone. */
  async status(path: string): Promise<number> {
    const response = await fetch(this.url + path, { headers: { 'x-api-key': this.key } })
    await response.body?.cancel()
    return response.status
  }

  /** An agent of this name; its id. */
  async agent(name: string, more: Json = {}): Promise<string> {
    return String((await this.post('/v1/agents', { name, model: 'mock/model', ...more }))['id'])
  }

  /** A session with this agent, with a first message if there is one; its id. */
  async session(agent: string, said?: string): Promise<string> {
    const id = String((await this.post('/v1/sessions', { agent }))['id'])
    if (said !== undefined) await this.say(id, said)
    return id
  }

  /** Says something in a session and waits for nothing. */
  async say(session: string, text: string): Promise<void> {
    await this.post(`/v1/sessions/${session}/events`, {
      events: [{ type: 'user.message', content: [{ type: 'text', text }] }],
    })
  }

  /** The log of a session. */
  async events(session: string): Promise<Json[]> {
    return (await this.get(`/v1/sessions/${session}/events?limit=1000`))['data'] as Json[]
  }

  private async call(method: string, path: string, body?: unknown): Promise<Json> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        'x-api-key': this.key,
        'content-type': 'application/json',
        ...(this.project && { 'anthropic-workspace-id': this.project.replace(/^proj_/, 'wrkspc_') }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text ? (JSON.parse(text) as Json) : {}
  }
}
