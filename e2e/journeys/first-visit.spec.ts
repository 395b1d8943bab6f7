import { expect, OWNER, test } from '../house/test.ts'
import { Server } from '../house/server.ts'

/** From the link that the first start prints to a call from a program, without a document. */
test('an owner comes in, talks to the agent, makes a key and calls it', async ({ page }) => {
  const server = await Server.start()
  try {
    server.model.rule = ({ said }) => ({ text: `You said: ${said}` })
    await page.goto(server.ownerLink)
    await page.getByLabel('E-mail').fill('ada@example.com')
    await page.getByLabel('Your name').fill(OWNER.name)
    await page.getByLabel('New password').fill(OWNER.password)
    await page.getByRole('button', { name: 'Make the account' }).click()
    await expect(page).toHaveURL(/\/welcome$/)

    await page.getByLabel('Message to assistant').fill('hello')
    await page.keyboard.press('Enter')
    await expect(page.getByText('You said: hello')).toBeVisible()

    await page.goto(`${server.url}/settings/api`)
    await page.getByRole('button', { name: 'Create API Key' }).first().click()
    await page.getByLabel('Name', { exact: true }).fill('my program')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Reveal' }).click()
    const key = await page.getByLabel('API key', { exact: true }).innerText()
    const answer = await fetch(`${server.url}/v1/agents`, { headers: { 'x-api-key': key } })
    expect(answer.status).toBe(200)
  } finally {
    // The page first: it would miss its server.
    await page.close()
    await server.stop()
  }
})
