import { fresh, type Json } from '../house/api.ts'
import { expect, test } from '../house/test.ts'

const tool = (name: string, url: string): Json => ({
  type: 'http',
  name,
  description: 'Restarts a service.',
  method: 'POST',
  url: `${url}?service={service}`,
  input_schema: { type: 'object', properties: { service: { type: 'string' }, why: { type: 'string' } } },
  permission_policy: { type: 'always_ask' },
})

test('whatever waits is in one inbox, and is decided there by keys', async ({ owner: page, server }) => {
  const { url, calls } = server.model.tool()
  const name = fresh('restart')
  server.model.rule = ({ said, result }) =>
    result ? { text: `Told: ${result}` } : { call: { name, arguments: { service: said, why: 'slow' } } }
  const agent = await server.api.agent(fresh('restarter'), { tools: [tool(name, url)] })
  await page.goto(`${server.url}/approvals`)
  const inbox = page.getByRole('listbox', { name: 'Waiting' }).getByRole('option').filter({ hasText: name })
  await server.api.session(agent, 'checkout')
  await expect(inbox).toHaveCount(1)
  const second = await server.api.session(agent, 'search')
  await expect(inbox).toHaveCount(2)
  await expect(page.getByRole('link', { name: 'Approvals' })).toContainText('waiting')
  const shown = page.getByRole('article', { name: 'What waits' })
  await inbox.first().click()
  await expect(shown).toContainText('service=checkout')
  await expect(shown).toContainText('unsafe: may not be undone')

  await page.keyboard.press('a')
  const sure = page.getByRole('dialog')
  await expect(sure).toContainText('may not be undone')
  expect(calls).toEqual([])
  await sure.getByRole('button', { name: 'Approve' }).click()
  await expect(inbox).toHaveCount(1)
  await expect.poll(() => calls).toEqual([{ why: 'slow' }])

  await expect(shown).toContainText('service=search')
  await page.keyboard.press('d')
  await page.getByLabel('Reason').fill('Not on a Friday.')
  await page.keyboard.press('Control+Enter')
  await expect(inbox).toHaveCount(0)
  const told = async () => JSON.stringify(await server.api.events(second))
  await expect.poll(told).toContain('Not on a Friday.')
  expect(calls).toHaveLength(1)
})

test('a rollout that a rule holds is approved in the inbox', async ({ owner: page, server }) => {
  const repository = `acme/${fresh('held')}`
  const project = await server.api.post('/v1/projects', { name: repository, repository })
  const rule = { name: fresh('production'), project_id: project['id'], branches: ['main'], allow_own: true }
  await server.api.post('/v1/approval_rules', rule)
  await page.goto(`${server.url}/approvals`)
  const request = fresh('Deploy the shop')
  const report = {
    deployment_request: request,
    status: 'pending',
    ref: 'refs/heads/main',
    commit_sha: '3f2a9c1',
    repository_full_name: repository,
  }
  const { id } = await server.api.post('/api/v1/deployments/', report)
  await page.getByRole('option', { name: request }).click()
  const shown = page.getByRole('article', { name: 'What waits' })
  await expect(shown).toContainText(rule.name)
  await shown.getByRole('button', { name: 'Approve' }).click()
  await expect(page.getByRole('option', { name: request })).toHaveCount(0)
  const rollout = await server.api.get(`/v1/rollouts/${id}`)
  expect(rollout['state']).toBe('approved')
})
