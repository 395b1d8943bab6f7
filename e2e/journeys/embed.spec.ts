import type { BrowserContext, Page } from '@playwright/test'
import { Chat } from '../house/chat.ts'
import { type HostPage, Site } from '../house/site.ts'
import { expect, test as base, watch } from '../house/test.ts'

/** Sites with chats, by their pages. */
interface Sites {
  /** Whose pages may show every chat. */
  good: Site
  /** Which no chat names among its origins. */
  bad: Site
  /** The chat for visitors whom the site vouches for. */
  listed: string
  paused: string
  mint(seconds: number): Promise<string>
}

const test = base.extend<object, { sites: Sites }>({
  sites: [
    async ({ server }, use) => {
      const pages: Record<string, HostPage> = {}
      const [good, bad] = [await Site.start(pages), await Site.start(pages)]
      const agent = await server.api.agent('receptionist', { model: 'scripted/demo' })
      const embed = async (trigger: object) => {
        const made = { name: 'Help desk', agent, trigger: { type: 'embed', ...trigger } }
        return String((await server.api.post('/v1/deployments', made))['id'])
      }
      const open = await embed({ greeting: 'Hello!', starters: ['What can you do?'], position: 'left' })
      const dark = await embed({ theme: 'dark', greeting: 'Good **evening**.' })
      const listed = await embed({ secure: true, allowed_origins: [good.origin], greeting: 'Dear customer' })
      const paused = await embed({})
      await server.api.post(`/v1/deployments/${paused}/pause`)
      Object.assign(pages, hostPages(server.url, { open, dark, listed, paused }))
      const mint = async (seconds: number) => {
        const asked = { deployment_key: listed, expires_in_seconds: seconds }
        return String((await server.api.post('/api/assistants/embed/token/create', asked))['token'])
      }
      await use({ good, bad, listed, paused, mint })
      await Promise.all([good.stop(), bad.stop()])
    },
    { scope: 'worker' },
  ],
})

function hostPages(
  url: string,
  { open, dark, listed, paused }: Record<'open' | 'dark' | 'listed' | 'paused', string>,
): Record<string, HostPage> {
  const script = (id: string) => `<script async src="${url}/embed/modal.js" data-deployment="${id}"></script>`
  const strict = {
    'content-security-policy': `default-src 'none'; script-src ${url}; frame-src ${url}; img-src data:; style-src 'none'`,
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-opener-policy': 'same-origin',
  }
  const frame = (id: string) => `<iframe src="${url}/embed/chat/v2/${id}" width="400" height="600"></iframe>`
  return {
    '/plain': { html: `<p>A page.</p>${script(open)}` },
    '/dark': { html: `<p>A page.</p>${script(dark)}` },
    '/strict': { html: `<p>A page.</p>${script(open)}`, headers: strict },
    '/hostile': { html: `${HOSTILE_STYLE}<p>A page.</p><script>${HOSTILE_SCRIPT}</script>${script(open)}` },
    '/listed': { html: `<p>A page.</p><script async src="${url}/embed/modal.js"></script>` },
    '/paused': { html: `<p>A page.</p>${script(paused)}` },
    '/frame': { html: frame(open) },
    '/frame-listed': { html: frame(listed) },
  }
}

const HOSTILE_STYLE = `<style>
  * { all: unset !important; display: none !important; visibility: hidden !important; color: red !important }
  html, body, p { display: block !important; visibility: visible !important }
  div, button, iframe { transform: scale(0) !important; opacity: 0 !important; pointer-events: none !important }
</style>`

/** What a page does that wants to read along or to make trouble. */
const HOSTILE_SCRIPT = `
  window.heard = [];
  addEventListener("message", (event) => window.heard.push(JSON.stringify(event.data)));
  Object.prototype.polluted = "x";
  Array.prototype.evil = () => {};
  window.onerror = (message) => window.heard.push("error " + message);
`

test('a conversation is kept over a reload, and by its deployment alone', async ({ page, sites }) => {
  await page.goto(`${sites.good.origin}/plain`)
  const chat = await Chat.opened(page)
  await chat.frame.getByRole('button', { name: 'What can you do?' }).click()
  await chat.answered('You said: What can you do?')
  await chat.say('say Here is **bold** and [a link](https://example.org). [x](javascript:alert(1))')
  await chat.answered('Here is bold')
  await expect(chat.frame.locator('article.agent a')).toHaveAttribute('rel', 'noopener noreferrer nofollow ugc')
  await expect(chat.frame.locator('[aria-live=polite]')).toContainText('Here is bold and a link.')
  await page.reload()
  const again = await Chat.opened(page)
  await again.answered('Here is bold')
  await page.goto(`${sites.good.origin}/dark`)
  const other = await Chat.opened(page, 'right')
  await expect(other.answers).toHaveText(['Good evening.'])
})

test('the keyboard alone is enough', async ({ page, sites }) => {
  await page.goto(`${sites.good.origin}/plain`)
  const chat = await Chat.on(page)
  await expect(async () => {
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect(chat.input).toBeFocused({ timeout: 1_000 })
  }).toPass()
  await page.keyboard.type('say by keys')
  await page.keyboard.press('Enter')
  await chat.answered('by keys')
  await page.keyboard.press('Escape')
  await expect(chat.input).toBeHidden()
  await page.keyboard.press('Enter')
  await expect(chat.input).toBeVisible()
})

test('an answer is stopped', async ({ page, sites }) => {
  await page.goto(`${sites.good.origin}/plain`)
  const chat = await Chat.opened(page)
  await chat.say('delay 400\nsay one two three four five six seven eight nine ten')
  await chat.answered('one two')
  await chat.frame.getByRole('button', { name: 'Stop the answer' }).click()
  await expect(chat.frame.locator('.note', { hasText: 'You stopped' })).toBeVisible()
})

test('a strict policy around it does not break it, and a phone shows it whole', async ({ page, sites }) => {
  await page.setViewportSize({ width: 375, height: 667 })
  await page.goto(`${sites.good.origin}/strict`)
  const chat = await Chat.opened(page)
  await chat.say('say strict')
  await chat.answered('strict')
  expect(await chat.frame.evaluate(() => [innerWidth, innerHeight])).toEqual([375, 667])
})

test('a page that means ill neither breaks it nor reads along', async ({ page, sites }) => {
  await page.goto(`${sites.good.origin}/hostile`)
  const chat = await Chat.opened(page)
  await chat.say('say secret word')
  await chat.answered('secret word')
  const { seen, heard } = await page.evaluate(() => {
    const reads = [() => window[0]?.document, () => window[0]?.localStorage, () => document.querySelector('iframe')]
    const read = (look: () => unknown) => {
      try {
        return look() ?? null
      } catch {
        return null
      }
    }
    return { seen: reads.map(read), heard: (window as unknown as { heard: string[] }).heard.join('\n') }
  })
  expect(seen).toEqual([null, null, null])
  expect(heard).not.toMatch(/secret|error/)
})

test('hostile texts come out as texts', async ({ page, sites }) => {
  await page.goto(`${sites.good.origin}/frame`)
  const chat = await Chat.on(page)
  const texts = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg onload=alert(1)>',
    '[x](javascript:alert(1))',
    '![x](https://evil.test/x.png)',
    '<style>*{display:none}</style>',
    "<a href='javascript:alert(1)'>x</a>",
  ]
  page.on('dialog', (dialog) => {
    throw new Error(`a script ran: ${dialog.message()}`)
  })
  for (const [at, text] of texts.entries()) {
    await chat.say(`say n${at} ${text}`)
    await chat.answered(`n${at} `)
  }
  const elements = 'script, img, iframe, style, svg, form, object, a[href^="javascript" i]'
  await expect(chat.frame.locator('.transcript').locator(elements)).toHaveCount(0)
})

test.describe('whom it is not for', () => {
  // What the browser says of frames and answers that are refused.
  test.use({ expected: ['frame-ancestors', 'status of 401', 'status of 403', 'status of 404'] })

  const shown = async (page: Page) => {
    const contents = page.frames().slice(1).map((frame) => frame.content().catch(() => ''))
    return (await Promise.all(contents)).join('\n')
  }
  const openListed = (page: Page, { listed }: Sites, tokens: string[]) =>
    page.evaluate(
      ([deployment, tokens]) => {
        let asked = 0
        const token = () => tokens[Math.min(asked++, tokens.length - 1)]
        ;(window as unknown as { Sortie: { openChat(of: object): void } }).Sortie.openChat({ deployment, token })
      },
      [listed, tokens] as const,
    )
  const isLoaded = (page: Page) => page.waitForFunction(() => 'Sortie' in window)

  test('a site that is not named shows nothing', async ({ page, sites }) => {
    await page.goto(`${sites.bad.origin}/listed`)
    await isLoaded(page)
    const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'))
    await openListed(page, sites, [await sites.mint(600)])
    await refused
    expect(await shown(page)).not.toMatch(/class="panel"|Dear customer/)
  })

  test('a paused chat shows nothing, not even when it is opened', async ({ page, sites }) => {
    await page.setViewportSize({ width: 375, height: 667 })
    const answered = page.waitForResponse((response) => response.url().includes('/embed/chat/v2/'))
    await page.goto(`${sites.good.origin}/paused`).then(() => answered)
    expect(await shown(page)).not.toContain('class="panel"')
    await page.evaluate((deployment) => {
      ;(window as unknown as { Sortie: { openChat(of: object): void } }).Sortie.openChat({ deployment })
    }, sites.paused)
    // The page beneath is still to be seen and used.
    const covered = await page.evaluate(() => document.elementFromPoint(187, 333)?.tagName)
    expect(['BODY', 'HTML', 'P']).toContain(covered)
  })

  test('a visitor without a token is told so, and one with a token is let in', async ({ page, sites }) => {
    await page.goto(`${sites.good.origin}/frame-listed`)
    await expect(page.frameLocator('iframe').getByText('needs a visitor')).toBeVisible()
    expect(await shown(page)).not.toContain('Dear customer')

    await page.goto(`${sites.good.origin}/listed`)
    await isLoaded(page)
    await openListed(page, sites, [await sites.mint(60), await sites.mint(3_600)])
    const chat = await Chat.on(page)
    expect(chat.frame.url()).not.toContain('token')
    await chat.say('say verified')
    await chat.answered('verified')
  })
})

test('a line that breaks loses nothing and says nothing twice', async ({ browser, sites }) => {
  const context: BrowserContext = await browser.newContext()
  const page = await context.newPage()
  const wrong = watch(page)
  await page.goto(`${sites.good.origin}/frame`)
  const chat = await Chat.on(page)
  await chat.say('say before')
  await chat.answered('before')
  await context.setOffline(true)
  await chat.say('say lost?')
  const unsent = chat.frame.locator('article.unsent')
  await expect(unsent).toBeVisible()
  await context.setOffline(false)
  await chat.frame.getByRole('button', { name: 'Try again' }).click()
  await chat.answered('lost?')
  await expect(chat.answers.filter({ hasText: 'lost?' })).toHaveCount(1)
  await expect(chat.frame.locator('article.visitor')).toHaveCount(2)
  expect(wrong.filter((text) => !text.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([])
  await context.close()
})
