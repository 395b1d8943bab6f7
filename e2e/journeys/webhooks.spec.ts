import { fresh } from '../house/api.ts'
import { expect, test } from '../house/test.ts'

test('a webhook is made, tried, fails, is sent again and deleted', async ({ owner: page, server }) => {
  const receiver = server.outside.receiver()
  const project = await server.api.post('/v1/projects', { name: fresh('told') })
  const api = server.api.within(String(project['id']))
  await page.goto(`${server.url}/settings/webhooks`)
  await page.getByRole('button', { name: 'Add a webhook' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Address').fill(receiver.url)
  await dialog.getByLabel('Only of the project').selectOption(String(project['id']))
  await dialog.getByLabel('run.completed').check()
  await dialog.getByRole('button', { name: 'Add' }).click()
  await expect(page.getByLabel('Secret', { exact: true })).toHaveText(/^•+$/)
  await page.getByRole('button', { name: 'Reveal' }).click()
  await expect(page.getByLabel('Secret', { exact: true })).toHaveText(/^whsec_/)
  await page.getByRole('button', { name: 'Exit' }).click()
  await page.getByRole('row', { name: receiver.url }).click()

  const deliveries = page.getByRole('grid', { name: 'Deliveries' }).getByRole('row')
  await expect(page.getByText('Nothing was sent to this address yet')).toBeVisible()
  await page.getByRole('button', { name: 'Test' }).click()
  const first = deliveries.nth(1)
  await expect(first).toContainText('delivered')
  await expect(first).toContainText('200')
  expect(receiver.told).toHaveLength(1)

  receiver.status = 500
  const session = await api.session(await api.agent(fresh('told of')), 'Hello.')
  await expect.poll(() => receiver.told.length).toBe(2)
  await page.reload()
  await expect(first).toContainText('run.completed')
  await expect(first).toContainText('500')
  await first.click()
  await expect(dialog).toContainText(session)
  await expect(dialog).toContainText('Thank you.')
  receiver.status = 200
  await dialog.getByRole('button', { name: 'Send again' }).click()
  await expect(first).toContainText('delivered')
  expect(receiver.told.length).toBeGreaterThanOrEqual(3)

  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(page).toHaveURL(/\/settings\/webhooks$/)
  await expect(page.getByText(receiver.url)).toHaveCount(0)
})
