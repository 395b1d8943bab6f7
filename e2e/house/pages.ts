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
