import { expect, test } from '../house/test.ts'
import type { Api } from '../house/api.ts'
import type { Rule } from '../house/model.ts'

const IMAGES = new URL('../../docs/images/', import.meta.url).pathname

/** Enough text to be under way while the picture is taken. */
const REPORT = `I compared the last hour with the hour before.

- **checkout**: p99 went from 180 ms to 410 ms after the release of 14:02.
- **search**: unchanged.
- **payments**: 3 of 12,000 calls failed, as on any day.

The slow calls all end in \`inventory.reserve\`, which now waits for a lock on \`stock_levels\`. `

const rule: Rule = ({ said, result, tools }) => {
  if (result) return { text: 'The instance answers again: 200 in 41 ms.' }
  if (tools.includes('restart_instance')) {
    return {
      text: 'One of the four instances no longer answers its health check. I would restart that one.',
      call: { name: 'restart_instance', arguments: { service: 'checkout', instance: 'checkout-7d9f-2' } },
    }
  }
  if (said.includes('report')) return { text: REPORT.repeat(6), pace: 60 }
  return { text: `Order 4711 left our house on Friday and is with the carrier. It should arrive tomorrow.` }
}

async function furnish(api: Api): Promise<void> {
  const restart = {
    type: 'http',
    name: 'restart_instance',
    description: 'Restarts one instance of a service.',
    method: 'POST',
    url: 'https://ops.example/restart',
    input_schema: {
      type: 'object',
      properties: { service: { type: 'string' }, instance: { type: 'string' } },
    },
    permission_policy: { type: 'always_ask' },
  }
  const support = await api.agent('support')
  const titles = ['Where is order 4711?', 'A refund for two mugs', 'Change of address', 'Invoice without VAT']
  for (const title of titles) await told(api, support, title, title)
  const operator = await api.agent('operator', { tools: [restart] })
  await told(api, operator, 'checkout-7d9f-2 fails its health check', 'Look at checkout.')
  const analyst = await api.agent('analyst')
  await told(api, analyst, 'Latency after the 14:02 release', 'Write a report about the last hour.')
}

async function told(api: Api, agent: string, title: string, said: string): Promise<void> {
  const { id } = await api.post('/v1/sessions', { agent, title })
  await api.say(String(id), said)
}

test('Mission Control', async ({ owner: page, server }) => {
  server.model.rule = rule
  await furnish(server.api)
  await page.goto(server.url)
  await page.getByText('Latency after the 14:02 release').first().click()
  await expect(page.getByText('The slow calls all end in').first()).toBeVisible()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: `${IMAGES}mission-control-${colorScheme}.png` })
  }
})
