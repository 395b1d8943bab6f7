import { expect, test } from '../house/test.ts'

test('a key is made, shown once, used, deleted and refused', async ({ owner: page, server }) => {
  await page.goto(server.url)
  await page.getByRole('link', { name: 'Organization settings' }).click()
  await page.getByRole('link', { name: 'API Keys' }).click()
  await page.getByRole('button', { name: 'Create API Key' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill('from the pipeline')
  await page.getByRole('button', { name: 'Save' }).click()

  const shown = page.getByLabel('API key', { exact: true })
  await expect(shown).toHaveText(/^•+$/)
  await page.getByRole('button', { name: 'Reveal' }).click()
  const key = await shown.innerText()
  await page.getByRole('button', { name: 'Test it now' }).click()
  await expect(page.getByText('It works')).toBeVisible()
  const call = () => fetch(`${server.url}/v1/agents`, { headers: { 'x-api-key': key } })
  expect((await call()).status).toBe(200)
  await page.getByRole('button', { name: 'Exit' }).click()
  await expect(page.getByText(key)).toHaveCount(0)

  await page.getByRole('button', { name: 'More about from the pipeline' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByText('from the pipeline')).toHaveCount(0)
  expect((await call()).status).toBe(401)
})
