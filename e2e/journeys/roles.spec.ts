import type { Page } from '@playwright/test'
import { fresh, type Json } from '../house/api.ts'
import { isDrawn, PAGES } from '../house/pages.ts'
import { logIn, makePerson, type Role } from '../house/people.ts'
import { expect, test } from '../house/test.ts'

const ROLES = ['viewer', 'member', 'admin'] as const

/** What each page offers, and from which role on. */
const OFFERED: [path: string, button: string, from: Role][] = [
  ['/agents', 'New agent', 'member'],
  ['/settings/api', 'Create API Key', 'member'],
  ['/settings/members', 'Invite', 'admin'],
  ['/settings/projects', 'New project', 'admin'],
  ['/settings/approval-rules', 'New rule', 'admin'],
  ['/settings/providers', 'Add a provider', 'admin'],
  ['/settings/webhooks', 'Add a webhook', 'admin'],
  ['/settings/audit', 'Export', 'admin'],
]

/** The same, and more, over the page's head. */
const CALLS: [path: string, body: () => Json, from: Role | 'owner'][] = [
  ['/v1/agents', () => ({ name: fresh('sneaked'), model: 'mock/model' }), 'member'],
  ['/v1/keys', () => ({ name: fresh('sneaked'), scopes: ['agents:read'] }), 'member'],
  ['/v1/projects', () => ({ name: fresh('sneaked') }), 'admin'],
  ['/v1/members', () => ({ email: `${fresh('sneaked')}@example.com`, name: 'S', role: 'member' }), 'admin'],
  ['/v1/approval_rules', () => ({ name: fresh('sneaked'), branches: ['no-such-branch'] }), 'admin'],
  ['/v1/webhooks', () => ({ url: 'https://example.com/', event_types: ['run.failed'] }), 'admin'],
  ['/v1/org', () => ({}), 'admin'],
  ['/v1/members', () => ({ email: `${fresh('sneaked')}@example.com`, name: 'S', role: 'owner' }), 'owner'],
]

const holds = (role: Role, from: Role | 'owner') => from !== 'owner' && ROLES.indexOf(role) >= ROLES.indexOf(from)

/** As a script of the page would, with its login. */
function call(page: Page, path: string, body: Json): Promise<number> {
  return page.evaluate(
    async ([path, body]) => {
      const headers = { 'content-type': 'application/json' }
      return (await fetch(path, { method: 'POST', headers, body })).status
    },
    [path, JSON.stringify(body)] as const,
  )
}

for (const role of ROLES) {
  test(`a ${role} is shown what they may do, and asked for nothing else`, async ({ page, server }) => {
    await logIn(page, server, await makePerson(server, role))
    const refused: string[] = []
    page.on('response', (response) => {
      if (response.status() === 403) refused.push(`${page.url()} asked for ${response.url()}`)
    })
    for (const path of PAGES) {
      await page.goto(server.url + path)
      await isDrawn(page)
      for (const [, button, from] of OFFERED.filter(([at]) => at === path)) {
        const shown = page.getByRole('button', { name: button }).first()
        await expect(shown, `${button} of a ${role}`).toBeVisible({ visible: holds(role, from) })
      }
    }
    expect(refused).toEqual([])
  })

  test(`a ${role} is refused by the server what the role lacks`, async ({ page, server, tolerated }) => {
    tolerated.push('403 (Forbidden)')
    await logIn(page, server, await makePerson(server, role))
    for (const [path, body, from] of CALLS) {
      const status = await call(page, path, body())
      expect(status === 403, `POST ${path} of a ${role} is answered with ${status}`).toBe(!holds(role, from))
    }
  })
}

test('a viewer watches what waits, and decides nothing', async ({ page, server }) => {
  const { url, calls } = server.model.tool()
  server.model.rule = ({ result }) => (result ? { text: 'Done.' } : { call: { name: 'dig', arguments: {} } })
  const tool = {
    type: 'http',
    name: 'dig',
    description: 'Digs.',
    method: 'POST',
    url,
    input_schema: { type: 'object', properties: {} },
    permission_policy: { type: 'always_ask' },
  }
  const name = fresh('digger')
  const session = await server.api.session(await server.api.agent(name, { tools: [tool] }), 'Dig.')
  await logIn(page, server, await makePerson(server, 'viewer'))
  await expect(page.getByText(name).first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Decide' })).toHaveCount(0)
  await page.goto(`${server.url}/approvals`)
  await expect(page.getByText('Viewers only look')).toBeVisible()
  await page.goto(`${server.url}/sessions/${session}`)
  await expect(page.getByText('dig').first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Allow' })).toHaveCount(0)
  expect(calls).toEqual([])
})
