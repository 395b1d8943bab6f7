import AxeBuilder from '@axe-core/playwright'
import { expect, test } from '../house/demo.ts'
import { PAGES, visit } from '../house/demo-pages.ts'
import { fitsAPhone } from '../house/pages.ts'

for (const drawn of PAGES) {
  test(`${drawn.name} is full of life, in both themes, for everyone, on a phone too`, async ({ visitor: page, demo }) => {
    await visit(page, demo.url, demo.api, drawn)
    for (const colorScheme of ['light', 'dark'] as const) {
      // Without motion the other theme is there at once.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const { violations } = await new AxeBuilder({ page }).analyze()
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)
      expect(told, colorScheme).toEqual([])
    }
    await fitsAPhone(page)
  })
}

test('the demo says that it is one, until somebody has read it', async ({ visitor: page, demo }) => {
  await page.goto(demo.url)
  const note = page.getByText('everything here is made up')
  await expect(note).toBeVisible()
  await page.getByRole('button', { name: 'Close this note' }).click()
  await expect(note).toBeHidden()
})
