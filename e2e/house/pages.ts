import { expect, type Page } from '@playwright/test'

/** Every page of the console that stands at an address of its own. */
export const PAGES = [
  '/',
  '/agents',
  '/agents/new',
  '/rollouts',
  '/approvals',
  '/knowledge',
  '/usage',
  '/settings/organization',
  '/settings/members',
  '/settings/projects',
  '/settings/api',
  '/settings/approval-rules',
  '/settings/providers',
  '/settings/secrets',
  '/settings/webhooks',
  '/settings/audit',
  '/settings/you',
] as const

/** Waits until a page shows what it has, and nothing of it is still on its way. */
export async function isDrawn(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible()
  await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0)
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
}

/** What may be wider than a phone: code, tables within texts, and rows of tabs and choices. */
const SCROLLS = 'pre, code, output, nav, [role="tablist"], [role="group"], .prose table'

/** On a phone nothing leads sideways but what says so. */
export async function fitsAPhone(page: Page): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 })
  const wide = await page.evaluate((scrolls) => {
    const isWide = (element: Element) => element.scrollWidth > element.clientWidth + 1
    const scrollers = [...document.querySelectorAll('main, main *')].filter(
      (element) => /auto|scroll/.test(getComputedStyle(element).overflowX) && !element.matches(scrolls),
    )
    return [document.documentElement, ...scrollers]
      .filter(isWide)
      .map((element) => element.cloneNode(false) as Element)
      .map((element) => element.outerHTML)
  }, SCROLLS)
  expect(wide).toEqual([])
}
