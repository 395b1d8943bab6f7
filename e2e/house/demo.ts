/** A demo under test: `sortie serve --demo` of the real binary, on a port of its own. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type Page, test as base } from '@playwright/test'
import { Api } from './api.ts'
import { watch } from './test.ts'

export { expect } from '@playwright/test'

/** What it prints when it is ready. */
interface Started {
  url: string
  first_key: string
  demo: { email: string; password: string }
}

export class Demo {
  private constructor(
    private readonly child: ChildProcess,
    private readonly started: Started,
  ) {}

  static async start(): Promise<Demo> {
    const binary = process.env['SORTIE_BIN']
    if (!binary) throw new Error('SORTIE_BIN must name the sortie binary')
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('SORTIE_'))
    const child = spawn(binary, ['serve', '--demo', '--json', '--listen', '127.0.0.1:0'], {
      env: { ...Object.fromEntries(kept), NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let log = ''
    child.stderr.on('data', (text: Buffer) => {
      log += text.toString()
    })
    const line = await Promise.race([
      once(createInterface({ input: child.stdout }), 'line').then(([first]) => String(first)),
      once(child, 'exit').then(() => {
        throw new Error(`the demo ended: ${log}`)
      }),
    ])
    return new Demo(child, JSON.parse(line) as Started)
  }

  get url(): string {
    return this.started.url
  }

  get api(): Api {
    return new Api(this.started.url, this.started.first_key)
  }

  /** Logs a page in as the demo's owner. */
  async logIn(page: Page): Promise<void> {
    const answer = await page.request.post(`${this.url}/v1/login`, {
      data: this.started.demo,
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    if (!answer.ok()) throw new Error(`the demo's owner was not let in: ${await answer.text()}`)
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    await ended
  }
}

interface Fixtures {
  /** Logged in as the demo's owner; whatever goes wrong on it fails the test. */
  visitor: Page
}

export const test = base.extend<Fixtures, { demo: Demo }>({
  demo: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
    async ({}, use) => {
      const demo = await Demo.start()
      await use(demo)
      await demo.stop()
    },
    { scope: 'worker' },
  ],

  visitor: async ({ page, demo }, use) => {
    const wrong = watch(page)
    await demo.logIn(page)
    await use(page)
    if (wrong.length > 0) throw new Error(`the page complained:\n${wrong.join('\n')}`)
  },
})
