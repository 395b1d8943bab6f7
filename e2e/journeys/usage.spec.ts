import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { fresh } from '../house/api.ts'
import { expect, test } from '../house/test.ts'

async function downloaded(page: Page, click: () => Promise<void>): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([page.waitForEvent('download'), click()])
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') }
}

test('what was used is counted, drawn, told apart, and taken along as a table', async ({ owner: page, server }) => {
  const name = fresh('=spender')
  const agent = await server.api.agent(name)
  await server.api.session(agent, 'Hello.')
  const runs = async () => JSON.stringify(await server.api.get('/v1/usage?by=agent'))
  await expect.poll(runs).toContain(agent)
  await page.goto(`${server.url}/usage`)
  const row = page.getByRole('row', { name })
  await expect(row).toContainText('10')
  await expect(page.getByRole('img', { name: 'tokens by day' }).locator('canvas')).toBeVisible()
  await page.getByRole('button', { name: /^Runs/ }).click()
  await expect(page.getByRole('img', { name: 'runs by day' })).toBeVisible()

  const agents = await downloaded(page, () => page.getByRole('button', { name: 'CSV' }).click())
  expect(agents.name).toMatch(/^usage-by-agent-.*\.csv$/)
  expect(agents.text).toContain(agent)
  // A spreadsheet would run what begins with an equals sign.
  expect(agents.text).not.toMatch(/(^|,)"?=/m)

  await page.getByLabel('Told apart').selectOption('model')
  await expect(page.getByRole('row', { name: 'mock/model' })).toBeVisible()
  const models = await downloaded(page, () => page.getByRole('button', { name: 'CSV' }).click())
  expect(models.text).toContain('mock/model')
  await page.getByLabel('Which days').selectOption('own')
  await page.getByLabel('First day').fill('2020-01-01')
  await page.getByLabel('Last day').fill('2020-01-31')
  await expect(page.getByText('Nothing ran in these days.')).toBeVisible()
})

test('the audit log is searched, filtered and exported', async ({ owner: page, server }) => {
  const name = fresh('audited')
  await server.api.post('/v1/projects', { name })
  await server.api.post('/v1/keys', { name, scopes: ['agents:read'] })
  await page.goto(`${server.url}/settings/audit`)
  const rows = page.getByRole('row', { name })
  await expect(rows).toHaveCount(2)
  await page.getByLabel('Action', { exact: true }).fill('key.created')
  await page.keyboard.press('Enter')
  await expect(rows).toHaveCount(1)
  await rows.click()
  await expect(page.getByRole('dialog', { name: 'key.created' })).toContainText(name)
  await page.keyboard.press('Escape')

  const exported = (as: string) =>
    downloaded(page, async () => {
      await page.getByRole('button', { name: 'Export' }).click()
      await page.getByRole('menuitem', { name: as }).click()
    })
  const csv = await exported('CSV')
  expect(csv.name).toBe('audit.csv')
  expect(csv.text).toMatch(/^id,at,actor,action,subject,details\r\n/)
  expect(csv.text).toContain(name)
  expect(csv.text).not.toContain('project.created')
  const entries = JSON.parse((await exported('JSON')).text) as { action: string }[]
  expect(new Set(entries.map(({ action }) => action))).toEqual(new Set(['key.created']))
})
