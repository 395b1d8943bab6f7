import { fresh } from '../house/api.ts'
import { Chat } from '../house/chat.ts'
import { type HostPage, Site } from '../house/site.ts'
import { expect, test, watch } from '../house/test.ts'

test('an embed is made, and tried on a page of somebody else', async ({ owner: page, server, context }) => {
  const pages: Record<string, HostPage> = {}
  const site = await Site.start(pages)
  const name = fresh('porter')
  await page.goto(`${server.url}/agents/${await server.api.agent(name)}/edit?tab=deployments.embed`)
  await page.getByRole('button', { name: 'New embed' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Sites that may show it').fill('example.org/page')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(dialog.getByRole('alert')).toContainText('example.org/page is no origin')
  await dialog.getByLabel('Sites that may show it').fill(site.origin)
  await dialog.getByLabel('Greeting').fill('Good day!')
  await dialog.getByLabel('Starters').fill('Where is the harbour?')
  await dialog.getByLabel('Corner').selectOption('left')
  await dialog.getByRole('button', { name: 'Create' }).click()

  const made = page.getByRole('region', { name: 'Chat on our page' })
  const snippet = await made.getByText('/embed/modal.js').innerText()
  pages['/'] = { html: `<p>A page.</p>${snippet}` }
  const visitor = await context.newPage()
  const wrong = watch(visitor)
  await visitor.goto(site.origin)
  const chat = await Chat.opened(visitor, 'left')
  await expect(chat.answers).toHaveText(['Good day!'])
  await chat.frame.getByRole('button', { name: 'Where is the harbour?' }).click()
  await chat.answered('You said: Where is the harbour?')
  expect(wrong).toEqual([])

  // What a visitor says is a session like every other.
  await page.getByRole('link', { name: 'Mission Control' }).click()
  await expect(page.getByText('Where is the harbour?').first()).toBeVisible()
  await site.stop()
})

test('a schedule is made, run at once, and leads to what it began', async ({ owner: page, server }) => {
  const agent = await server.api.agent(fresh('clerk'))
  await page.goto(`${server.url}/agents/${agent}/edit?tab=deployments.schedule`)
  await page.getByRole('button', { name: 'New schedule' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Time zone').selectOption('UTC')
  await dialog.getByLabel('First message').fill('What happened last night?')
  await dialog.getByRole('button', { name: 'Create' }).click()

  const made = page.getByRole('region', { name: 'Every morning' })
  await expect(made).toContainText('every weekday at 09:00')
  await expect(made.locator('time[datetime*="T09:00:00"]')).toHaveCount(3)
  await made.getByText('What it began').click()
  await expect(made.getByText('It has begun nothing yet.')).toBeVisible()
  await made.getByRole('button', { name: 'Run now' }).click()
  await made.getByRole('link', { name: 'Open the session' }).click()
  await expect(page.getByText('You said: What happened last night?').first()).toBeVisible()
})

test('a schedule is paused, changed, resumed and archived', async ({ owner: page, server }) => {
  const agent = await server.api.agent(fresh('clerk'))
  const trigger = { type: 'schedule', expression: '0 9 * * *', timezone: 'UTC' }
  const message = { type: 'user.message', content: [{ type: 'text', text: 'Good morning.' }] }
  await server.api.post('/v1/deployments', { name: 'Daily', agent, trigger, initial_events: [message] })
  await page.goto(`${server.url}/agents/${agent}/edit?tab=deployments.schedule`)
  const made = page.getByRole('region', { name: 'Daily' })
  await made.getByRole('button', { name: 'Pause' }).click()
  await expect(made.getByText('paused')).toBeVisible()
  await made.getByRole('button', { name: 'Change' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('When').fill('0 9 * *')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog.getByRole('alert')).toContainText('five fields')
  await dialog.getByLabel('When').fill('30 6 * * *')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(made).toContainText('06:30')
  await made.getByRole('button', { name: 'Resume' }).click()
  await expect(made.getByText('active')).toBeVisible()
  await made.getByRole('button', { name: 'Archive' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Archive' }).click()
  await expect(page.getByText('The agent begins by itself, by the clock')).toBeVisible()
})

test('a rollout monitor is made for a project, and watches what is reported of it', async ({ owner: page, server }) => {
  const repository = `acme/${fresh('shop')}`
  const project = await server.api.post('/v1/projects', { name: repository, repository })
  const metric = server.outside.metric(100)
  const agent = await server.api.within(String(project['id'])).agent(fresh('watchman'))
  await page.goto(`${server.url}/agents/${agent}/edit?tab=deployments.rollout_monitor`)
  await page.getByRole('button', { name: 'New monitor' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Project').selectOption(String(project['id']))
  await dialog.getByLabel('Signals').fill('[{')
  await expect(dialog.getByRole('alert')).toContainText('This is no JSON')
  const signals = [{ name: 'latency', source: { kind: 'prometheus', url: metric.url, query: 'latency' } }]
  await dialog.getByLabel('Signals').fill(JSON.stringify(signals))
  await dialog.getByRole('button', { name: 'Create' }).click()
  const made = page.getByRole('region', { name: 'Watch our rollouts' })
  await expect(made).toContainText('latency')

  const report = { deployment_request: 'Deploy the shop', status: 'running', repository_full_name: repository }
  await server.api.post('/api/v1/deployments/', report)
  await made.getByRole('button', { name: 'Run now' }).click()
  await made.getByText('What it began').click()
  await made.getByRole('link', { name: 'Open the session' }).first().click()
  await expect(page.getByText('latency').first()).toBeVisible()
})
