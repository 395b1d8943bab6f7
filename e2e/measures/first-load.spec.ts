import type { Browser } from '@playwright/test'
import { logIn, makePerson, type Person } from '../house/people.ts'
import type { Server } from '../house/server.ts'
import { test } from '../house/test.ts'

const SESSIONS = 200
const ROUNDS = 7
/** The page can be used when its rows are there and nothing has kept it busy for so long. */
const QUIET = 250

interface Load {
  drawn: number
  interactive: number
  scripts: number
}

/** Looks on from the page's first moment. */
function lookOn(quiet: number) {
  const seen = { drawn: 0, busyUntil: 0 }
  const scripts = () =>
    performance
      .getEntriesByType('resource')
      .filter((entry) => entry instanceof PerformanceResourceTiming && new URL(entry.name).pathname.endsWith('.js'))
      .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).encodedBodySize, 0)
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) seen.busyUntil = Math.max(seen.busyUntil, task.startTime + task.duration)
  }).observe({ type: 'longtask', buffered: true })
  const look = () => {
    const now = performance.now()
    if (seen.drawn === 0 && document.querySelector('ul[aria-label="Sessions"] button')) seen.drawn = now
    const since = Math.max(seen.drawn, seen.busyUntil)
    if (seen.drawn === 0 || now - since <= quiet) return requestAnimationFrame(look)
    const detail = { drawn: seen.drawn, interactive: since, scripts: scripts() }
    return dispatchEvent(new CustomEvent('seen', { detail }))
  }
  requestAnimationFrame(look)
}

/** One first visit: nothing is kept from before but the login. */
async function load(browser: Browser, server: Server, person: Person, slowed: number): Promise<Load> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await logIn(page, server, person)
  const state = await context.storageState()
  await context.close()

  const fresh = await browser.newContext({ viewport: { width: 1440, height: 900 }, storageState: state })
  const visit = await fresh.newPage()
  const chromium = await fresh.newCDPSession(visit)
  await chromium.send('Emulation.setCPUThrottlingRate', { rate: slowed })
  await visit.addInitScript(lookOn, QUIET)
  await visit.goto(server.url, { waitUntil: 'commit' })
  const seen = await visit.evaluate(
    () =>
      new Promise<Load>((resolve) => {
        addEventListener('seen', (event) => resolve((event as CustomEvent<Load>).detail), { once: true })
      }),
  )
  await fresh.close()
  return seen
}

const middle = (numbers: number[]) => numbers.sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0

for (const slowed of [1, 4]) {
  test(`the first load with a CPU that is ${slowed} times as slow`, async ({ browser, server, ownerState }) => {
    test.setTimeout(300_000)
    if (ownerState.length === 0) throw new Error('nobody is logged in')
    const agent = await server.api.agent('measured')
    for (let n = 0; n < SESSIONS; n++) await server.api.session(agent)
    const person = await makePerson(server, 'member')
    const loads: Load[] = []
    for (let round = 0; round < ROUNDS; round++) loads.push(await load(browser, server, person, slowed))
    const figure = (name: 'drawn' | 'interactive') => Math.round(middle(loads.map((one) => one[name])))
    const kilobytes = (middle(loads.map(({ scripts }) => scripts)) / 1000).toFixed(0)
    console.log(
      `CPU slowed ${slowed} times: rows after ${figure('drawn')} ms, interactive after ${figure('interactive')} ms, ` +
        `${kilobytes} kB of scripts; the middle of ${ROUNDS} first visits`,
    )
  })
}
