import { fresh } from '../house/api.ts'
import { expect, test } from '../house/test.ts'

test('everything is found and done by keys', async ({ owner: page, server }) => {
  const agent = fresh('lighthouse')
  const session = await server.api.session(await server.api.agent(agent), 'Hello.')
  await page.goto(server.url)
  await expect(page.getByRole('heading', { name: 'Mission Control' })).toBeVisible()
  const field = page.getByRole('combobox', { name: 'Find anything' })
  const chosen = page.getByRole('option', { selected: true })
  const find = async (text: string) => {
    await page.keyboard.press('Control+k')
    await expect(field).toBeFocused()
    await page.keyboard.type(text)
  }

  await find('usage')
  await expect(chosen).toContainText('Usage')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/usage$/)
  await expect(field).toBeHidden()

  await find(agent)
  await expect(chosen).toContainText(agent)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: agent })).toBeVisible()

  await find('settings')
  const [first, second] = (await page.getByRole('option').allTextContents()) as [string, string]
  await page.keyboard.press('ArrowDown')
  await expect(chosen).toHaveText(second)
  await page.keyboard.press('ArrowUp')
  await expect(chosen).toHaveText(first)
  await page.keyboard.press('ArrowUp')
  await expect(page.getByRole('option').last(), 'it goes round').toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Escape')
  await expect(field).toBeHidden()

  await find('theme dark')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toContain('dark')

  await find(session)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`/sessions/${session}`))

  await find('no such thing')
  await expect(page.getByText('Nothing is called “no such thing”.')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('g')
  await page.keyboard.press('a')
  await expect(page).toHaveURL(/\/agents$/)
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keys' })).toContainText('Create an agent')
  await page.keyboard.press('Escape')
  await page.keyboard.press('c')
  await expect(page.getByRole('heading', { name: 'New agent' })).toBeVisible()
})
