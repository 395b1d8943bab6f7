import { expect, test } from '../house/test.ts'

/** What a stranger, a model or a tool may write to have a script run. */
const HOSTILE: [string, string, ...string[]] = [
  '<script>window.__ran = 1</script>',
  '<img src=x onerror="window.__ran = 1">',
  '<svg onload="window.__ran = 1"></svg>',
  '<iframe srcdoc="<script>parent.__ran = 1</script>"></iframe>',
  '[click](javascript:window.__ran=1)',
  '[click](data:text/html,<script>window.__ran=1</script>)',
  '![x](x" onerror="window.__ran=1)',
  '<a href="javascript:window.__ran=1">click</a>',
  '<style>body{display:none}</style>',
  '</script><script>window.__ran = 1</script>',
  '{{constructor.constructor("window.__ran=1")()}}',
]

test('no text of a model, a tool or a stranger is run', async ({ owner: page, server }) => {
  const all = HOSTILE.join('\n\n')
  const tools = [
    { type: 'custom', name: 'look', description: all, input_schema: { type: 'object', properties: {} } },
  ]
  server.model.rule = ({ said }) =>
    said.includes('first') ? { text: all } : { text: `${all}\n\nThat is all.`, call: { name: 'look', arguments: { where: all } } }
  const agent = await server.api.agent(HOSTILE[1], { tools, system: all })
  const made = await server.api.post('/v1/sessions', { agent, title: HOSTILE[0] })
  const session = String(made['id'])
  await server.api.say(session, `first ${all}`)
  await server.api.say(session, all)
  const kinds = async () => (await server.api.events(session)).map((event) => event['type'])
  await expect.poll(kinds).toContain('agent.custom_tool_use')
  const shown = [
    ['/', HOSTILE[0]],
    [`/sessions/${session}`, 'That is all.'],
    ['/agents', HOSTILE[1]],
    [`/agents/${agent}`, HOSTILE[1]],
    ['/usage', HOSTILE[1]],
  ] as const
  for (const [path, text] of shown) {
    await page.goto(server.url + path)
    await expect(page.getByText(text).first()).toBeVisible()
    expect(await page.evaluate(() => '__ran' in window), path).toBe(false)
    expect(await page.locator('a[href^="javascript:"], a[href^="data:"], iframe').count(), path).toBe(0)
  }
})
