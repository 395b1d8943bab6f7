/** What every journey has: a server of its own and a page on which nothing goes wrong unseen. */

import { test as base, type Page } from '@playwright/test'
import { Server } from './server.ts'

export { expect } from '@playwright/test'

/** The owner, once their account is made. */
export const OWNER = { name: 'Ada Lovelace', password: 'a long enough password' }

interface Fixtures {
  /** Logged in as the owner, on no page yet. */
  owner: Page
  /** Errors that a journey brings about on purpose, by a part of their text. */
  expected: string[]
}

export const test = base.extend<Fixtures, { server: Server; ownerState: OwnerState }>({
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

  page: async ({ page, expected }, use) => {
    const wrong = watch(page)
    await use(page)
    const unexpected = wrong.filter((text) => !expected.some((part) => text.includes(part)))
    if (unexpected.length > 0) throw new Error(`the page complained:\n${unexpected.join('\n')}`)
  },

  owner: async ({ page, server, ownerState }, use) => {
    await page.context().addCookies(ownerState)
    server.model.rule = ({ said }) => ({ text: `You said: ${said}` })
    await use(page)
  },
})

type OwnerState = { name: string; value: string; url: string }[]

/** The owner's account, made by the link that the first start printed. */
async function makeOwner(server: Server): Promise<OwnerState> {
  const token = server.ownerLink.split('/').pop()
  const response = await fetch(`${server.url}/v1/links/${token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(OWNER),
  })
  if (!response.ok) throw new Error(`the owner's account was not made: ${await response.text()}`)
  return response.headers.getSetCookie().map((cookie) => {
    const [pair] = cookie.split(';')
    const [name, ...value] = (pair ?? '').split('=')
    return { name: name ?? '', value: value.join('='), url: server.url }
  })
}

/** Notes everything that a page complains of: errors, rejections, refused policy. */
export function watch(page: Page): string[] {
  const wrong: string[] = []
  page.on('pageerror', (error) => wrong.push(`uncaught: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(`console: ${message.text()} (${message.location().url})`)
  })
  return wrong
}
