/** What every journey has: a server of its own and a page on which nothing goes wrong unseen. */

import { test as base, type Page } from '@playwright/test'
import { type Login, makeOwner } from './people.ts'
import { Server } from './server.ts'

export { expect } from '@playwright/test'
export { OWNER } from './people.ts'

interface Fixtures {
  /** Logged in as the owner, on no page yet. */
  owner: Page
  /** Errors that journeys bring about on purpose, by a part of their text. */
  expected: string[]
  /** The same of one journey, which adds to them where it does so. */
  tolerated: string[]
}

export const test = base.extend<Fixtures, { server: Server; ownerState: Login }>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
    async ({}, use) => {
      const server = await Server.start()
      await use(server)
      await server.stop()
    },
    { scope: 'worker' },
  ],

  ownerState: [
    async ({ server }, use) => {
      await use(await makeOwner(server))
    },
    { scope: 'worker' },
  ],

  expected: [[], { option: true }],

  // The option itself is one for all journeys of a worker.
  tolerated: async ({ expected }, use) => {
    await use([...expected])
  },

  page: async ({ page, tolerated }, use) => {
    const wrong = watch(page)
    await use(page)
    const unexpected = wrong.filter((text) => !tolerated.some((part) => text.includes(part)))
    if (unexpected.length > 0) throw new Error(`the page complained:\n${unexpected.join('\n')}`)
  },

  owner: async ({ page, server, ownerState }, use) => {
    await page.context().addCookies(ownerState)
    server.model.rule = ({ said }) => ({ text: `You said: ${said}` })
    await use(page)
  },
})

/** Notes everything that a page complains of: errors, rejections, refused policy. */
export function watch(page: Page): string[] {
  const wrong: string[] = []
  page.on('pageerror', (error) => wrong.push(`uncaught: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(`console: ${message.text()} (${message.location().url})`)
  })
  return wrong
}
