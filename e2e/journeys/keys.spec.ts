import type { Page } from '@playwright/test'
import { fresh } from '../house/api.ts'
import { expect, OWNER, test } from '../house/test.ts'

/** The ways that people know by heart, from whichever product they come. */
const WAYS: Record<string, (page: Page, agent: string) => Promise<void>> = {
  'from an agent’s Deployments tab': async (page, agent) => {
    await page.getByRole('link', { name: 'Agents' }).click()
    await page.getByRole('link', { name: agent }).click()
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('tab', { name: 'Deployments' }).click()
    await page.getByRole('button', { name: 'Deploy via API' }).click()
    await expect(page.getByRole('heading', { name: 'Call it' })).toBeVisible()
    await page.getByRole('link', { name: 'API Keys' }).click()
  },
  'by the name at the bottom left': async (page) => {
    await page.getByRole('button', { name: OWNER.name }).click()
    await page.getByRole('menuitem', { name: 'Organization settings' }).click()
    await page.getByRole('link', { name: 'API Keys' }).click()
  },
  'by the icon of the settings': async (page) => {
    await page.getByRole('link', { name: 'Organization settings' }).click()
    await page.getByRole('link', { name: 'API Keys' }).click()
  },
}

for (const [way, go] of Object.entries(WAYS)) {
  test(`a key is made ${way}, shown once, used, deleted and refused`, async ({ owner: page, server, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const [agent, name] = [fresh('called'), fresh('from the pipeline')]
    await server.api.agent(agent)
    await page.goto(server.url)
    await go(page, agent)
    await page.getByRole('button', { name: 'Create API Key' }).first().click()
    await page.getByLabel('Name', { exact: true }).fill(name)
    await page.getByRole('button', { name: 'Save' }).click()

    const shown = page.getByLabel('API key', { exact: true })
    await expect(shown).toHaveText(/^•+$/)
    await page.getByRole('button', { name: 'Reveal' }).click()
    const key = await shown.innerText()
    await page.getByRole('button', { name: 'Copy the api key' }).click()
    await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key)
    await page.getByRole('button', { name: 'Test it now' }).click()
    await expect(page.getByText('It works')).toBeVisible()
    const call = () => fetch(`${server.url}/v1/agents`, { headers: { 'x-api-key': key } })
    expect((await call()).status).toBe(200)
    await page.getByRole('button', { name: 'Exit' }).click()
    await expect(page.getByText(key)).toHaveCount(0)

    await page.getByRole('button', { name: `More about ${name}` }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    // What stands behind a dialog has no roles.
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(page.getByRole('row', { name })).toHaveCount(0)
    expect((await call()).status).toBe(401)
  })
}

test('a key does what it was made for, where it was made for, and nothing else', async ({ owner: page, server }) => {
  const name = fresh('only reads')
  const agent = await server.api.agent(fresh('read'))
  await page.goto(`${server.url}/settings/api`)
  await page.getByRole('button', { name: 'Create API Key' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill(name)
  await dialog.getByLabel('Ends by itself').selectOption('7')
  await dialog.getByRole('button', { name: 'Run agents' }).click()
  await dialog.getByLabel('write sessions').uncheck()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: 'Reveal' }).click()
  const key = await page.getByLabel('API key', { exact: true }).innerText()
  await page.getByRole('button', { name: 'Exit' }).click()
  await expect(page.getByRole('row', { name })).toContainText('ends')
  const status = async (method: string, path: string) => {
    const body = method === 'POST' ? { body: JSON.stringify({ agent }) } : {}
    const headers = { 'x-api-key': key, 'content-type': 'application/json' }
    return (await fetch(server.url + path, { method, headers, ...body })).status
  }
  expect(await status('GET', '/v1/sessions')).toBe(200)
  expect(await status('POST', '/v1/sessions')).toBe(403)
  expect(await status('GET', '/v1/keys')).toBe(403)
})
