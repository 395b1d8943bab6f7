import type { Page } from '@playwright/test'
import { fresh, type Json } from '../house/api.ts'
import { expect, test } from '../house/test.ts'

/** A session in the list, by its title. */
const row = (page: Page, title: string) =>
  page.getByRole('list', { name: 'Sessions' }).getByRole('listitem').filter({ hasText: title })

test('what happens is shown while it happens, and is stopped from the list', async ({ owner: page, server }) => {
  server.model.rule = () => ({ text: 'word '.repeat(400), pace: 100 })
  const agent = await server.api.agent(fresh('talker'))
  await page.goto(server.url)
  await expect(page.getByRole('img', { name: 'Live', exact: true })).toBeVisible()
  const title = fresh('Everything there is')
  const session = await server.api.post('/v1/sessions', { agent, title })
  await expect(row(page, title)).toContainText('idle')
  await server.api.say(String(session['id']), 'Tell me everything.')
  await expect(row(page, title)).toContainText('running')
  await row(page, title).hover()
  await row(page, title).getByRole('button', { name: 'Interrupt' }).click()
  await expect(row(page, title)).toContainText('idle')
  // The last line is read once it has come to rest.
  await expect(row(page, title)).toContainText(/word word|Tell me everything/)
})

test('a session that waits for an answer is answered from the list', async ({ owner: page, server }) => {
  const tool = (name: string) => ({
    type: 'custom',
    name,
    description: 'Asks a person.',
    input_schema: { type: 'object', properties: { question: { type: 'string' } } },
  })
  server.model.rule = ({ result }) =>
    result ? { text: `So it is ${result}.` } : { call: { name: 'ask_captain', arguments: { question: 'Port or starboard?' } } }
  const agent = await server.api.agent(fresh('mate'), { tools: [tool('ask_captain')] })
  const title = fresh('Which way?')
  const { id } = await server.api.post('/v1/sessions', { agent, title })
  await page.goto(server.url)
  await server.api.say(String(id), 'Which way?')
  await expect(row(page, title)).toContainText('waits for its client')
  await row(page, title).getByRole('button', { name: 'Answer' }).click()
  const dialog = page.getByRole('dialog', { name: 'What it waits for' })
  await expect(dialog).toContainText('Port or starboard?')
  await dialog.getByRole('button', { name: 'Answer in its client’s place' }).click()
  await dialog.getByLabel('Result of ask_captain').fill('port')
  await dialog.getByRole('button', { name: 'Send the result' }).click()
  await expect(dialog).toBeHidden()
  await expect(row(page, title)).toContainText('idle')
  await expect(row(page, title)).toContainText('So it is port.')
})

test('search and filters stand in the address, and views are kept', async ({ owner: page, server }) => {
  const [one, other] = [fresh('gardener'), fresh('cook')]
  const [apples, pears] = [fresh('Apples'), fresh('Pears')]
  const gardener = await server.api.agent(one)
  await server.api.post('/v1/sessions', { agent: gardener, title: apples })
  await server.api.post('/v1/sessions', { agent: gardener, title: pears })
  await server.api.post('/v1/sessions', { agent: await server.api.agent(other), title: `${apples} in pie` })
  await page.goto(server.url)
  await expect(row(page, pears)).toBeVisible()

  await page.keyboard.press('f')
  await page.keyboard.type(apples.toUpperCase())
  await expect(row(page, pears)).toHaveCount(0)
  await expect(row(page, apples)).toHaveCount(2)
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.getByRole('menuitem', { name: one, exact: true }).click()
  await expect(row(page, apples)).toHaveCount(1)
  const address = page.url()
  expect(new URL(address).searchParams.get('agent')).toContain(gardener)
  await page.getByRole('button', { name: 'Saved views' }).click()
  await page.getByRole('menuitem', { name: 'Save this view' }).click()
  await expect(page.getByText('View saved').first()).toBeVisible()

  await page.getByRole('button', { name: 'Show all sessions' }).click()
  await expect(row(page, pears)).toBeVisible()
  await page.reload()
  await page.getByRole('button', { name: 'Saved views' }).click()
  await page.getByRole('menuitem', { name: apples.toUpperCase() }).click()
  await expect(row(page, apples)).toHaveCount(1)
  await expect(page).toHaveURL(address)

  await page.getByLabel('Search titles').fill('nothing is called so')
  await expect(page.getByText('No session fits these filters.')).toBeVisible()
})

test('ten thousand sessions are scrolled through, and those alone are drawn that can be seen', async ({
  owner: page,
  server,
}) => {
  const [ALL, PAGE] = [10_000, 1_000]
  const agent = await server.api.agent(fresh('many'))
  const one = await server.api.get(`/v1/sessions/${await server.api.session(agent)}`)
  // As the server answers, but in larger pages; of one session that is there, the others differ
  // from it by what tells them apart.
  await page.route(/\/v1\/sessions\?/, async (route) => {
    const query = new URL(route.request().url()).searchParams
    const from = Number(query.get('page') ?? '0')
    const isIdle = query.get('states[]') === 'idle'
    const until = isIdle ? Math.min(ALL, from + PAGE) : from
    const data = Array.from({ length: until - from }, (_, index) => copyOf(one, from + index))
    await route.fulfill({ json: { data, next_page: isIdle && until < ALL ? String(until) : null } })
  })
  await page.goto(server.url)
  await expect(row(page, 'Session 0 of many')).toBeVisible()

  const rows = page.getByRole('list', { name: 'Sessions' }).getByRole('listitem')
  let most = 0
  await expect(async () => {
    await page.getByRole('list', { name: 'Sessions' }).evaluate((list) => list.parentElement?.scrollBy(0, 1e7))
    most = Math.max(most, await rows.count())
    await expect(row(page, `Session ${ALL - 1} of many`)).toBeVisible({ timeout: 1 })
  }).toPass({ intervals: [1], timeout: 60_000 })
  expect(most).toBeLessThan(60)
  await page.getByRole('list', { name: 'Sessions' }).evaluate((list) => list.parentElement?.scrollTo(0, 0))
  // And whatever else happens at this server meanwhile.
  await expect(page.getByRole('button', { name: /^Idle\s*100\d\d$/ })).toBeVisible()
})

function copyOf(session: Json, number: number): Json {
  const made = new Date(Date.UTC(2026, 0, 1) - number * 1000).toISOString()
  const id = `sesn_${String(number).padStart(26, '0')}`
  return { ...session, id, title: `Session ${number} of many`, created_at: made, updated_at: made }
}

test('a server that restarts is waited for, and nothing is missed', async ({ owner: page, server, tolerated }) => {
  tolerated.push('ERR_CONNECTION_REFUSED', 'ERR_INCOMPLETE_CHUNKED_ENCODING', 'ERR_CONNECTION_RESET', 'ERR_EMPTY_RESPONSE')
  const agent = await server.api.agent(fresh('survivor'))
  const before = fresh('Before')
  await server.api.post('/v1/sessions', { agent, title: before })
  await page.goto(server.url)
  await expect(row(page, before)).toBeVisible()
  await expect(page.getByRole('img', { name: 'Live', exact: true })).toBeVisible()

  await server.kill()
  const banner = page.getByRole('status').filter({ hasText: 'The server does not answer' })
  await expect(banner).toBeVisible()
  await expect(row(page, before), 'what is shown stays').toBeVisible()
  await banner.getByRole('button', { name: 'Try now' }).click()
  await expect(banner, 'it stays while it is tried again').toBeVisible()
  await server.comeBack()
  const after = fresh('After')
  await server.api.post('/v1/sessions', { agent, title: after })
  await expect(banner).toBeHidden()
  await expect(page.getByRole('img', { name: 'Live', exact: true })).toBeVisible()
  await expect(row(page, after)).toBeVisible()
})
