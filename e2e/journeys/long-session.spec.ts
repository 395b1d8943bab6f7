import type { Locator, Page } from '@playwright/test'
import { lengthen, turn } from '../house/long.ts'
import { expect, test } from '../house/test.ts'

const EVENTS = 3_000

/** What a page asks of a session's log, from now on. */
function asked(page: Page, session: string): { pages: URLSearchParams[]; streams: number } {
  const told: { pages: URLSearchParams[]; streams: number } = { pages: [], streams: 0 }
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.pathname === `/v1/sessions/${session}/events/stream`) told.streams += 1
    if (url.pathname === `/v1/sessions/${session}/events` && !url.searchParams.has('after')) {
      told.pages.push(url.searchParams)
    }
  })
  return told
}

/** Holds back the pages of a session's log, until what it gives back is called. */
async function holdBack(page: Page, session: string): Promise<() => void> {
  let letCome = () => {}
  const come = new Promise<void>((resolve) => (letCome = resolve))
  await page.route(
    (url) => url.pathname === `/v1/sessions/${session}/events`,
    async (route) => {
      await come
      await route.continue()
    },
  )
  return letCome
}

/** The first line that is in view as a whole. */
async function lineInView(transcript: Locator) {
  const found = await transcript.evaluateHandle((log) => {
    const { top, bottom } = log.getBoundingClientRect()
    const isWhole = (line: Element) => {
      const place = line.getBoundingClientRect()
      return top <= place.top && place.bottom <= bottom
    }
    return [...log.querySelectorAll('[data-index]')].find(isWhole)
  })
  const line = found.asElement()
  if (!line) throw new Error('no line is in view')
  return line
}

test('a long session opens at its end, and older events come when they are asked for', async ({
  owner: page,
  server,
}) => {
  const { api } = server
  const session = await api.session(await api.agent('lasting'))
  const first = await turn(api, session, 'The very first words')
  await lengthen(api, session, EVENTS)
  await turn(api, session, 'The newest words')
  const requests = asked(page, session)

  await page.goto(`${server.url}/sessions/${session}`)
  const transcript = page.getByRole('log', { name: 'Transcript' })
  await expect(transcript.getByText('You said: The newest words')).toBeVisible()
  await expect(page.getByText('connecting…')).toHaveCount(0)
  // One page of three thousand events, and the stream behind it.
  expect(requests).toEqual({ pages: [expect.anything()], streams: 1 })
  expect(requests.pages[0]?.get('order')).toBe('desc')

  // What is said while the page is open stands once, behind what was read.
  await turn(api, session, 'Said meanwhile')
  await expect(transcript.getByText('You said: Said meanwhile')).toHaveCount(1)
  await expect(transcript.getByText('You said: The newest words')).toHaveCount(1)
  expect(requests.pages).toHaveLength(1)

  await test.step('scrolling up reads the page before and moves nothing that is in view', async () => {
    const letCome = await holdBack(page, session)
    await transcript.hover()
    await expect(async () => {
      await page.mouse.wheel(0, -300)
      expect(requests.pages.length).toBeGreaterThan(1)
    }).toPass({ intervals: [50] })
    const line = await lineInView(transcript)
    const place = () => line.boundingBox()
    await expect(async () => {
      const before = await place()
      await page.waitForTimeout(100)
      expect(await place(), 'it has come to rest').toEqual(before)
    }).toPass({ intervals: [50] })
    const [before, index] = [await place(), await line.getAttribute('data-index')]
    letCome()
    await expect.poll(() => line.getAttribute('data-index'), 'the page is in front of it').not.toBe(index)
    await page.waitForTimeout(200)
    expect(Math.abs(((await place())?.y ?? 0) - (before?.y ?? 0))).toBeLessThan(1)
  })

  await test.step('each page is read once, the newest first', async () => {
    await expect(async () => {
      await page.mouse.wheel(0, -1_500)
      expect(requests.pages.length).toBeGreaterThan(3)
    }).toPass({ intervals: [50] })
    const pages = requests.pages.slice(1).map((query) => Number(query.get('seq[lte]')))
    expect(pages).toEqual([...pages].sort((a, b) => b - a))
    expect(new Set(pages).size).toBe(pages.length)
    expect(requests.pages.length).toBeLessThan(8)
  })

  await test.step('a search says what it has not searched, and searches it', async () => {
    await page.keyboard.press('/')
    const find = page.getByRole('search')
    await find.getByRole('textbox').fill('very first words')
    await expect(find.getByText('events are not searched')).toBeVisible()
    await find.getByRole('button', { name: 'Search all' }).click()
    await expect(find.getByRole('status'), 'all of it is searched').toHaveCount(0)
    await find.getByRole('textbox').press('Enter')
    await expect(transcript.getByText('The very first words').first()).toBeVisible()
  })

  await test.step('a link to an event far back opens there', async () => {
    const far = asked(page, session)
    await page.goto(`${server.url}/sessions/${session}?event=${first[0]?.['id']}`)
    await expect(transcript.getByText('You said: The very first words')).toBeVisible()
    expect(far.pages.length).toBeLessThan(4)
    const last = () => Number(far.pages.at(-1)?.get('seq[gte]'))
    expect(last()).toBe(1)
    // Downwards, what follows is read, not what comes before the end.
    await transcript.hover()
    await expect(async () => {
      await page.mouse.wheel(0, 1_500)
      expect(last()).toBeGreaterThan(1)
    }).toPass({ intervals: [50] })
    expect(last()).toBeLessThan(EVENTS / 2)
  })
})

test('the strip leads into what is not held, and errors there are found', async ({ owner: page, server }) => {
  const { api } = server
  const session = await api.session(await api.agent('failing'))
  const refused = { status: 400, message: 'too hard a question' }
  server.model.rule = ({ said }) => (said === 'Early 5' ? { refused } : { text: 'Fine so far.' })
  for (let n = 0; n < 12; n++) await turn(api, session, `Early ${n}`)
  await lengthen(api, session, EVENTS)
  await turn(api, session, 'Late')

  await page.goto(`${server.url}/sessions/${session}`)
  const transcript = page.getByRole('log', { name: 'Transcript' })
  await expect(transcript.getByText('Late').first()).toBeVisible()
  const strip = page.getByRole('application', { name: /Overview/ })
  // The whole of it, thirteen turns and an error, though little is held.
  await expect(strip).toHaveAccessibleName(/Overview: 14 steps/)
  await strip.focus()
  for (let n = 0; n < 3; n++) await page.keyboard.press('ArrowLeft')
  await expect(transcript.getByText(/^Early \d+$/).first()).toBeVisible()

  await page.goto(`${server.url}/sessions/${session}`)
  await expect(transcript.getByText('Late').first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Next error (1)' })).toBeVisible()
  await expect(transcript.getByText(refused.message)).toHaveCount(0)
  await page.keyboard.press('e')
  await expect(transcript.getByText(refused.message).first()).toBeInViewport()
})
