import { fresh } from '../house/api.ts'
import { expect, test } from '../house/test.ts'

test('an agent is made, talked to, changed, compared and brought back', async ({ owner: page, server }) => {
  server.model.rule = ({ said, system }) => ({ text: `${system} ${said}` })
  const name = fresh('herald')
  await page.goto(`${server.url}/agents`)
  await page.getByRole('button', { name: 'New agent' }).click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Model', { exact: true }).selectOption('mock/model')
  const instructions = page.getByLabel('Instructions', { exact: true })
  await instructions.fill('Hear ye!')
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByRole('heading', { name: `Edit ${name}` })).toBeVisible()

  const said = page.getByRole('log', { name: 'What was said' })
  const say = async (text: string) => {
    await page.getByLabel(`Message to ${name}`).fill(text)
    await page.keyboard.press('Enter')
  }
  await say('one')
  await expect(said).toContainText('Hear ye! one')

  await instructions.fill('Silence!')
  await expect(page.getByText('your changes are not saved')).toBeVisible()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Saved as version 2').first()).toBeVisible()
  // A conversation keeps to the version that it began with, and says so.
  await page.getByRole('button', { name: 'Begin anew with version 2' }).click()
  await say('two')
  await expect(said).toContainText('Silence! two')

  await page.getByRole('tab', { name: 'Versions' }).click()
  await expect(page.getByRole('heading', { name: 'What version 2 changed' })).toBeVisible()
  await expect(page.getByText('removedHear ye!')).toBeVisible()
  await expect(page.getByText('addedSilence!')).toBeVisible()
  await page.getByRole('button', { name: 'Version 1' }).click()
  await page.getByRole('button', { name: 'Restore this version' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click()
  await expect(page.getByText('Version 1 is back').first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Version 3' })).toBeVisible()
  await page.getByRole('tab', { name: 'Setup' }).click()
  await expect(instructions).toHaveValue('Hear ye!')
})

test('a tool is given to an agent, and asks as its permission says', async ({ owner: page, server }) => {
  const { url, calls } = server.model.tool()
  server.model.rule = ({ result, tools }) => {
    if (result) return { text: `It said ${result}` }
    return tools.includes('tide') ? { call: { name: 'tide', arguments: { port: 'Brest' } } } : { text: 'No tools.' }
  }
  const name = fresh('pilot')
  await page.goto(`${server.url}/agents/${await server.api.agent(name)}/edit`)
  await page.getByRole('button', { name: 'Add a tool' }).click()
  await page.getByRole('menuitem', { name: 'HTTP tool of its own' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('tide')
  await dialog.getByLabel('What it does, for the model').fill('Tells the tide.')
  await dialog.getByLabel('Method').selectOption('POST')
  await dialog.getByLabel('Address').fill('not an address')
  await dialog.getByRole('button', { name: 'Add' }).click()
  await expect(dialog.getByRole('alert')).toHaveText('An address that begins with http:// or https://.')
  await dialog.getByLabel('Address').fill(url)
  const schema = { type: 'object', properties: { port: { type: 'string' } }, required: ['port'] }
  await dialog.getByLabel('Arguments').fill(JSON.stringify(schema))
  await dialog.getByRole('button', { name: 'Add' }).click()

  const asks = page.getByLabel('Whether tide asks')
  await expect(asks).toHaveValue('always_ask')
  const save = async (version: number) => {
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText(`Saved as version ${version}`).first()).toBeVisible()
  }
  const ask = async () => {
    await page.getByLabel(`Message to ${name}`).fill('When is high water?')
    await page.keyboard.press('Enter')
  }
  const said = page.getByRole('log', { name: 'What was said' })
  await save(2)
  await ask()
  await expect(said).toContainText('waits for approval')
  expect(calls).toEqual([])

  await asks.selectOption('always_allow')
  await page.getByLabel('What tide does to the world').selectOption('read')
  await save(3)
  await page.getByRole('button', { name: 'Begin anew with version 3' }).click()
  await ask()
  await expect(said).toContainText('It said {"done":true}')
  expect(calls).toEqual([{ port: 'Brest' }])

  await asks.selectOption('always_deny')
  await save(4)
  await page.getByRole('button', { name: 'Begin anew with version 4' }).click()
  await ask()
  await expect(said, 'it is not even told of it').toContainText('No tools.')
  expect(calls).toHaveLength(1)
})

test('documents are uploaded with their progress, answered from, and deleted', async ({ owner: page, server }) => {
  server.model.rule = ({ system }) => ({ text: system.includes('The tide turns at noon') ? 'At noon.' : 'Who knows?' })
  const name = fresh('reader')
  await page.goto(`${server.url}/agents/${await server.api.agent(name)}/edit?tab=knowledge`)
  await expect(page.getByText(`${name} has no documents`)).toBeVisible()
  const files = page.locator('input[type=file]')
  const file = (name: string, text: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })

  await files.setInputFiles(file('tides.exe', 'MZ'))
  await expect(page.getByRole('alert')).toContainText('can be read')
  await page.getByRole('button', { name: 'Dismiss' }).click()

  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  await page.route('**/v1/knowledge', async (route) => {
    if (route.request().method() === 'POST') await gate
    await route.continue()
  })
  await files.setInputFiles([file('tides.md', 'The tide turns at noon.'), file('moons.md', 'There is one.')])
  await expect(page.getByRole('progressbar', { name: 'Upload of tides.md' })).toBeVisible()
  await expect(page.getByRole('progressbar', { name: 'Upload of moons.md' })).toHaveAttribute('aria-valuenow', '0')
  open()
  const documents = page.getByRole('list', { name: 'Documents' }).getByRole('listitem')
  await expect(documents).toHaveCount(2)
  await expect(page.getByRole('progressbar')).toHaveCount(0)

  await page.getByLabel(`Message to ${name}`).fill('When does the tide turn?')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('log', { name: 'What was said' })).toContainText('At noon.')

  await page.getByRole('button', { name: 'Delete tides.md' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(documents).toHaveCount(1)
  await expect(documents).toContainText('moons.md')
})
