/** A server under test: the real binary, with a data directory and a port of its own. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Api } from './api.ts'
import { MockModel } from './model.ts'
import { Outside } from './outside.ts'

/** What the server prints when it is ready. */
interface Started {
  url: string
  listens: string
  key?: string | null
  owner_link?: string | null
}

const OWNER_KEY = 'srt-e2e-owner-key-0123456789abcdef0123456789'

export class Server {
  /** How the models of this server answer. */
  readonly model: MockModel
  /** What else this server may call. */
  readonly outside: Outside
  private child: ChildProcess | undefined
  private started: Started | undefined

  private constructor(
    private readonly directory: string,
    model: MockModel,
    outside: Outside,
  ) {
    this.model = model
    this.outside = outside
  }

  /** `more` is written below what every server here is configured with. */
  static async start(more = ''): Promise<Server> {
    const directory = await mkdtemp(join(tmpdir(), 'sortie-e2e-'))
    const [model, outside] = [await MockModel.start(), await Outside.start()]
    const server = new Server(directory, model, outside)
    await writeFile(join(directory, 'sortie.toml'), configuration(model.url, outside.host) + more)
    await server.serve('127.0.0.1:0')
    return server
  }

  get url(): string {
    return this.state.url
  }

  /** The link that makes the owner's account, as the first start prints it. */
  get ownerLink(): string {
    const link = this.state.owner_link
    if (!link) throw new Error('the server printed no link for its owner')
    return link
  }

  /** The owner's key. */
  get key(): string {
    return OWNER_KEY
  }

  /** A client with the owner's key. */
  get api(): Api {
    return new Api(this.url, OWNER_KEY)
  }

  /** Ends it as a power cut would. */
  kill(): Promise<void> {
    return this.end('SIGKILL')
  }

  /** Serves the same data at the same address again. */
  comeBack(): Promise<void> {
    return this.serve(this.state.listens)
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM')
    await Promise.all([this.model.stop(), this.outside.stop()])
    await rm(this.directory, { recursive: true, force: true })
  }

  /** Everything it has written to its log. */
  log(): Promise<string> {
    return readFile(this.logFile, 'utf8').catch(() => '')
  }

  private get logFile(): string {
    return join(this.directory, 'log')
  }

  private get state(): Started {
    if (!this.started) throw new Error('the server is not running')
    return this.started
  }

  private async serve(listen: string): Promise<void> {
    const binary = process.env['SORTIE_BIN']
    if (!binary) throw new Error('SORTIE_BIN must name the sortie binary')
    const child = spawn(binary, ['serve', '--json', '--listen', listen], {
      cwd: this.directory,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child = child
    child.stderr.on('data', (text: Buffer) => void appendFile(this.logFile, text))
    const lines = createInterface({ input: child.stdout })
    const first = await Promise.race([
      once(lines, 'line').then(([line]) => String(line)),
      once(child, 'exit').then(async () => {
        throw new Error(`the server ended: ${await this.log()}`)
      }),
    ])
    // A restarted server prints neither key nor link again.
    this.started = { ...this.started, ...(JSON.parse(first) as Started) }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
}

function configuration(model: string, outside: string): string {
  return [
    '[bootstrap]',
    'model = "mock/model"',
    '[outbound]',
    `allow = ["${new URL(model).host}", "${outside}"]`,
    '[providers.mock]',
    'kind = "openai"',
    `base_url = "${model}"`,
    'api_key = "unused"',
    'models = ["model"]',
    'allow_private = true',
    'prices."model" = { input = 1, output = 2 }',
    '',
  ].join('\n')
}

/** Ours without what the server would read. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('SORTIE_'))
  return { ...Object.fromEntries(kept), NO_COLOR: '1', SORTIE_BOOTSTRAP_KEY: OWNER_KEY }
}
