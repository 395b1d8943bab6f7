/**
 * How soon a session of 50,000 events is there, how smoothly it scrolls and how late live text
 * is: `npx playwright test -c measures.config.ts`. It asserts nothing; the figures are in
 * `docs/performance.md`.
 */

import type { Page } from '@playwright/test'
import { lengthen, turn } from '../house/long.ts'
import { expect, test } from '../house/test.ts'

const EVENTS = Number(process.env['SORTIE_EVENTS'] ?? 50_000)
const OPENINGS = 5
const wordsOf = (round: number) => Array.from({ length: 200 }, (_, n) => `x${round}-${n}`).join(' ')

test(`a session of ${EVENTS} events`, async ({ owner: page, server, context }) => {
  test.setTimeout(1_800_000)
  const { api } = server
  const session = await api.session(await api.agent('lasting'))
  // 110 turns, so that what is opened and scrolled is of turns; all between is what is made quickest: interrupts.
  server.model.rule = () => ({ text: 'A paragraph of some length, as an agent writes them. '.repeat(6) })
  for (let n = 0; n < 60; n++) await turn(api, session, `Question ${n}`)
  await lengthen(api, session, EVENTS - 400)
  for (let n = 0; n < 50; n++) await turn(api, session, `Late question ${n}`)
  const url = `${server.url}/sessions/${session}`
  const machine = await context.newCDPSession(page)
  await watchStreams(page)
  for (const slower of [1, 4]) {
    await machine.send('Emulation.setCPUThrottlingRate', { rate: slower })
    const opened: number[] = []
    for (let n = 0; n < OPENINGS; n++) opened.push(await open(page, url))
    say(`opened, ${slower} times slowed: ${opened.map(Math.round).join(', ')} ms`)
    say(`scrolled, ${slower} times slowed: ${await scroll(page)}`)
    await page.goto(url)
    server.model.rule = () => ({ text: wordsOf(slower), pace: 20 })
    say(`live text, ${slower} times slowed: ${await live(page, slower)}`)
    server.model.rule = () => ({ text: 'Done.' })
  }
})

/** From asking for the page to the newest line on the screen. */
async function open(page: Page, url: string): Promise<number> {
  await page.goto('about:blank')
  const started = performance.now()
  await page.goto(url, { waitUntil: 'commit' })
  await page.getByRole('log', { name: 'Transcript' }).getByText('Late question 49').first().waitFor()
  return performance.now() - started
}

/** Frames while it is scrolled up through several pages: how many took too long, and the longest. */
async function scroll(page: Page): Promise<string> {
  await page.getByRole('log', { name: 'Transcript' }).hover()
  await page.evaluate(() => {
    const frames: number[] = []
    let last = performance.now()
    const note = (now: number) => {
      frames.push(now - last)
      last = now
      requestAnimationFrame(note)
    }
    requestAnimationFrame(note)
    Object.assign(window, { frames })
  })
  for (let n = 0; n < 150; n++) {
    await page.mouse.wheel(0, -400)
    await page.waitForTimeout(16)
  }
  const frames = await page.evaluate(() => (window as unknown as { frames: number[] }).frames)
  const sorted = frames.toSorted((a, b) => a - b)
  const at = (part: number) => Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? 0)
  return `${frames.length} frames, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`
}

/** Words by the moment at which the page was given them, and at which they were on the screen. */
interface Moments {
  given: Record<string, number>
  seen: Record<string, number>
}

/** Notes when a page is given a word of a stream. */
async function watchStreams(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const moments: Moments = { given: {}, seen: {} }
    Object.assign(window, { moments })
    const decoder = new TextDecoder()
    const { read } = ReadableStreamDefaultReader.prototype
    ReadableStreamDefaultReader.prototype.read = async function (this: ReadableStreamDefaultReader) {
      const result = await read.call(this)
      if (result.value instanceof Uint8Array) {
        for (const [word] of decoder.decode(result.value).matchAll(/x\d-\d+/g)) {
          moments.given[word] ??= performance.now()
        }
      }
      return result
    }
  })
}

/** From the moment at which the page is given a word to that at which it is on the screen. */
async function live(page: Page, round: number): Promise<string> {
  await page.getByRole('log', { name: 'Transcript' }).getByText('Late question 49').first().waitFor()
  await page.evaluate(() => {
    const { seen } = (window as unknown as { moments: Moments }).moments
    const target = document.querySelector('[role=log]')
    const note = () => {
      const words = (target?.textContent ?? '').match(/x\d-\d+/g) ?? []
      for (const word of words) seen[word] ??= performance.now()
    }
    if (target) new MutationObserver(note).observe(target, { childList: true, subtree: true, characterData: true })
  })
  await page.getByLabel('Message to the agent').fill('Tell me everything.')
  await page.keyboard.press('Enter')
  await expect(page.getByText(`x${round}-199`).first()).toBeVisible({ timeout: 60_000 })
  const { given, seen } = await page.evaluate(() => (window as unknown as { moments: Moments }).moments)
  const delays = Object.entries(seen)
    .filter(([word]) => word.startsWith(`x${round}-`))
    .map(([word, at]) => at - (given[word] ?? at))
    .toSorted((a, b) => a - b)
  const at = (part: number) => Math.round(delays[Math.floor((delays.length - 1) * part)] ?? 0)
  return `${delays.length} words, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`
}

function say(text: string) {
  process.stdout.write(`${text}\n`)
}
