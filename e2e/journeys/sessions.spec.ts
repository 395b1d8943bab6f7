import { expect, test, watch } from '../house/test.ts'

const WORDS = Array.from({ length: 60 }, (_, n) => `word-${n}`)

test('a session is watched in two tabs and interrupted in one', async ({ owner: page, server, context }) => {
  server.model.rule = () => ({ text: WORDS.join(' '), pace: 250 })
  const session = await server.api.session(await server.api.agent('slow'))
  const other = await context.newPage()
  const wrong = watch(other)
  for (const tab of [page, other]) await tab.goto(`${server.url}/sessions/${session}`)

  await page.getByLabel('Message to the agent').fill('Tell me everything.')
  await page.keyboard.press('Enter')
  for (const tab of [page, other]) await expect(tab.getByText('word-3').first()).toBeVisible()
  await other.getByRole('button', { name: 'Interrupt' }).first().click()
  for (const tab of [page, other]) {
    await expect(tab.getByRole('button', { name: 'Interrupt' })).toHaveCount(0)
  }
  const events = await server.api.events(session)
  expect(events.map((event) => event['type'])).toContain('user.interrupt')
  expect(JSON.stringify(events), 'it was not said to its end').not.toContain('word-59')
  expect(wrong).toEqual([])
})

test('a call that asks is allowed in place, and made once', async ({ owner: page, server }) => {
  const { url, calls } = server.model.tool()
  const tools = [
    {
      type: 'http',
      name: 'restart',
      description: 'Restarts a service.',
      method: 'POST',
      url,
      input_schema: { type: 'object', properties: { service: { type: 'string' } } },
      permission_policy: { type: 'always_ask' },
    },
  ]
  server.model.rule = ({ result }) =>
    result ? { text: 'Restarted.' } : { call: { name: 'restart', arguments: { service: 'checkout' } } }
  const session = await server.api.session(await server.api.agent('restarter', { tools }), 'Restart it.')
  await page.goto(`${server.url}/sessions/${session}`)
  await expect(page.getByText('checkout').first()).toBeVisible()
  expect(calls).toEqual([])
  await page.getByRole('button', { name: 'Allow' }).first().click()
  // It cannot simply be done again: one more question.
  await page.getByRole('alertdialog').or(page.getByRole('dialog')).getByRole('button', { name: 'Allow' }).click()
  await expect(page.getByText('Restarted.').first()).toBeVisible()
  expect(calls).toEqual([{ service: 'checkout' }])
})

test('a page goes on without loss when the server is killed while it streams', async ({
  owner: page,
  server,
  tolerated,
}) => {
  tolerated.push('ERR_CONNECTION_REFUSED', 'ERR_INCOMPLETE_CHUNKED_ENCODING', 'ERR_CONNECTION_RESET', 'ERR_EMPTY_RESPONSE')
  server.model.rule = () => ({ text: WORDS.join(' '), pace: 100 })
  const session = await server.api.session(await server.api.agent('lasting'))
  await page.goto(`${server.url}/sessions/${session}`)
  await page.getByLabel('Message to the agent').fill('Tell me everything.')
  await page.keyboard.press('Enter')
  await expect(page.getByText('word-5').first()).toBeVisible()
  await server.kill()
  await expect(page.getByText('The server does not answer').first()).toBeVisible()
  await server.comeBack()
  await expect(page.getByText('word-59').first()).toBeVisible({ timeout: 60_000 })
  // What is shown is what is stored: one answer, whole.
  await page.reload()
  await expect(page.getByText('word-59').first()).toBeVisible()
  const answers = (await server.api.events(session)).filter((event) => event['type'] === 'agent.message')
  expect(answers).toHaveLength(1)
})
