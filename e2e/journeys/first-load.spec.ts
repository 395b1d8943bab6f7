import type { Request } from '@playwright/test'
import { isDrawn } from '../house/pages.ts'
import { expect, test } from '../house/test.ts'

/** What a first visit may load, compressed. */
const SCRIPTS_MAX = 250_000

test('a first visit loads few scripts, each compressed, and a second one none', async ({ owner: page, server }) => {
  const loaded: { path: string; bytes: number; isCached: boolean; encoding: string | undefined }[] = []
  const noted: Promise<void>[] = []
  const note = async (request: Request) => {
    const [response, sizes] = [await request.response(), await request.sizes()]
    loaded.push({
      path: new URL(request.url()).pathname,
      bytes: sizes.responseBodySize,
      // What comes from the cache has less than nothing.
      isCached: sizes.responseBodySize <= 0,
      encoding: (await response?.allHeaders())?.['content-encoding'],
    })
  }
  page.on('requestfinished', (request) => {
    if (request.resourceType() === 'script') noted.push(note(request))
  })
  /** What was loaded since it was asked for last, once so many scripts are there. */
  const scripts = async (least: number) => {
    await expect.poll(() => noted.length).toBeGreaterThanOrEqual(least)
    await Promise.all(noted.splice(0))
    return loaded.splice(0)
  }
  await page.goto(server.url)
  await isDrawn(page)
  const first = await scripts(4)
  const bytes = first.reduce((sum, one) => sum + one.bytes, 0)
  expect(bytes, JSON.stringify(first)).toBeLessThan(SCRIPTS_MAX)
  expect(bytes, 'they are counted').toBeGreaterThan(50_000)
  const isPacked = ({ bytes, encoding }: (typeof loaded)[number]) => bytes < 500 || encoding !== undefined
  expect(first.filter((one) => !isPacked(one))).toEqual([])

  await page.goto(`${server.url}/agents`)
  await isDrawn(page)
  const second = await scripts(1)
  const again = second.filter(({ path, isCached }) => !isCached && first.some((one) => one.path === path))
  expect(again).toEqual([])
})
