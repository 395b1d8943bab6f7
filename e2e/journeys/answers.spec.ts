import { expect, test } from '../house/test.ts'

test('an output schema is written, mended where it breaks, saved and kept to', async ({ owner: page, server, tolerated }) => {
  // What the browser itself says of a schema that the server refuses.
  tolerated.push('400 (Bad Request)')
  const { api } = server
  const agent = await api.agent('judge')
  await page.goto(`${server.url}/agents/${agent}/edit`)
  const field = page.getByLabel('Output schema')
  const save = page.getByRole('button', { name: 'Save', exact: true })

  await field.fill('{\n  "type": "object",\n  "required": ["verdict"],\n}')
  await expect(page.getByText('Line 4, column 1')).toBeVisible()
  await field.fill('{"type": "thing"}')
  await save.click()
  await expect(page.getByText('not a usable JSON schema').first()).toBeVisible()
  await field.fill('')
  await page.getByRole('button', { name: 'Begin with an example' }).click()
  await page.getByRole('button', { name: 'Format' }).first().click()
  await save.click()
  await expect(page.getByText('Saved as version 2').first()).toBeVisible()
  const { output_schema: schema } = await api.get(`/v1/agents/${agent}`)
  expect(schema).toMatchObject({ type: 'object', required: ['summary', 'severity'] })

  let asked = 0
  server.model.rule = () => {
    asked += 1
    return { text: asked === 1 ? 'All is well.' : '{"summary": "All is well.", "severity": "low"}' }
  }
  const session = await api.session(agent, 'How is it?')
  await page.goto(`${server.url}/sessions/${session}`)
  const transcript = page.getByRole('log', { name: 'Transcript' })
  await expect(transcript.getByText('Answer did not fit the output schema')).toBeVisible()
  await expect(transcript.getByText('"severity": "low"')).toBeVisible()
})

test('an answer shows its sources by number, and what its agent knows beside it', async ({
  owner: page,
  server,
}) => {
  const { api } = server
  const agent = await api.agent('librarian')
  for (const name of ['prices.txt', 'rules.txt']) {
    await api.post('/v1/knowledge', { agent_id: agent, name, content: 'Mugs are 9 euros.' })
  }
  server.model.rule = () => ({ text: 'Mugs are 9 euros [[1]], as `list[[0]]` says [[0]], not [[7]].' })
  const { thread_id: thread } = await api.post('/api/assistants/thread/create', { assistant_id: agent })
  await api.post('/api/assistants/message/create', { thread_id: thread, message: 'What is a mug?' })
  const [session] = (await api.get(`/v1/sessions?agent_id=${agent}`))['data'] as { id: string }[]

  await page.goto(`${server.url}/sessions/${session?.id}`)
  const transcript = page.getByRole('log', { name: 'Transcript' })
  await expect(transcript.getByText('Mugs are 9 euros 1, as list[[0]] says 2, not .')).toBeVisible()
  await expect(transcript.getByLabel('Source 1: rules.txt')).toBeVisible()
  await expect(transcript.getByRole('list', { name: 'Sources' })).toHaveText('1rules.txt2prices.txt')
  await expect(page.getByRole('complementary', { name: 'Inspector' })).toContainText('prices.txt')
})
