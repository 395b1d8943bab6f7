import { fresh, type Json } from '../house/api.ts'
import type { Server } from '../house/server.ts'
import { expect, test } from '../house/test.ts'

interface Watched {
  rollout: Json
  /** Has it looked at once, and waits until it has. */
  look(): Promise<void>
}

/** A rollout that is watched by a number of `metric`. */
async function watched(server: Server, url: string): Promise<Watched> {
  const { api } = server
  const repository = `acme/${fresh('shop')}`
  const project = await api.post('/v1/projects', { name: repository, repository })
  const source = { kind: 'prometheus', url, query: 'latency' }
  const monitor = { schedule: { gaps: [3600], every: 3600 }, signals: [{ name: 'p95 latency', source }] }
  const trigger = { type: 'rollout_monitor', project_id: project['id'], monitor }
  const agent = await api.within(String(project['id'])).agent(fresh('watchman'))
  const { id } = await api.post('/v1/deployments', { name: 'Watch', agent, trigger })
  const report = {
    deployment_request: fresh('Deploy 2.5.1'),
    status: 'running',
    commit_sha: '4f2c1e0aa4f2c1e0aa',
    commit_message: 'Reserve stock earlier',
    repository_full_name: repository,
    event_metadata: { environment: 'production', actor: 'grace' },
  }
  const { id: alias } = await api.post('/api/v1/deployments/', report)
  const rollout = await api.get(`/v1/rollouts/${alias}`)
  let looks = 0
  const look = async () => {
    looks += 1
    await api.post(`/v1/deployments/${id}/run`)
    const seen = async () =>
      (await api.events(String(rollout['session_id']))).filter((event) => event['type'] === 'monitor.update').length
    await expect.poll(seen).toBe(looks)
  }
  return { rollout, look }
}

test('a rollout gets worse before everybody’s eyes', async ({ owner: page, server }) => {
  const metric = server.outside.metric(100)
  const { rollout, look } = await watched(server, metric.url)
  const request = String(rollout['request'])
  await page.goto(`${server.url}/rollouts`)
  const row = page.getByRole('row', { name: request })
  for (const part of ['Reserve stock earlier', 'running', 'production', '4f2c1e0', 'grace']) {
    await expect(row).toContainText(part)
  }
  await look()
  await expect(row).toContainText('none')
  metric.now = 400
  await look()
  await expect(row).toContainText('critical')

  await row.click()
  await expect(page.getByRole('heading', { name: request })).toBeVisible()
  const chart = page.getByRole('img', { name: 'p95 latency: 400 now, 100 before, level critical' })
  await expect(chart).toBeVisible()
  const isDrawn = () =>
    chart.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] }
      return data.some((part) => part > 0)
    })
  await expect.poll(isDrawn).toBe(true)
  await expect(page.getByText('×4.0').first()).toBeVisible()
  metric.now = 130
  await look()
  await expect(page.getByRole('img', { name: '130 now, 100 before, level medium' })).toBeVisible()
})

test('rollouts are filtered, and a report moves its row', async ({ owner: page, server }) => {
  const metric = server.outside.metric(100)
  const { rollout } = await watched(server, metric.url)
  const { request } = rollout as { request: string }
  await page.goto(`${server.url}/rollouts`)
  const row = page.getByRole('row', { name: request })
  await page.getByLabel('Status').selectOption('failure')
  await expect(row).toHaveCount(0)
  await page.getByLabel('Status').selectOption('running')
  await expect(row).toBeVisible()
  await page.getByLabel('Project').selectOption(String(rollout['project_id']))
  await expect(page.getByRole('row', { name: 'Deploy' })).toHaveCount(1)
})
