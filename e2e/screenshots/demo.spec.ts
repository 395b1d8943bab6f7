import AxeBuilder from '@axe-core/playwright'
import { expect, test } from '../house/demo.ts'
import { PAGES, visit } from '../house/demo-pages.ts'

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`the demo, ${colorScheme}`, () => {
    test.use({ colorScheme })

    for (const drawn of PAGES) {
      test(`${drawn.name} is full of life, for everyone, on a phone too`, async ({ visitor: page, demo }) => {
        await visit(page, demo.url, demo.api, drawn)
        const { violations } = await new AxeBuilder({ page }).analyze()
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([])
        await page.setViewportSize({ width: 390, height: 844 })
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        )
        expect(overflow).toBeLessThanOrEqual(0)
      })
    }
  })
}

test('the demo says that it is one, until somebody has read it', async ({ visitor: page, demo }) => {
  await page.goto(demo.url)
  const note = page.getByText('everything here is made up')
  await expect(note).toBeVisible()
  await page.getByRole('button', { name: 'Close this note' }).click()
  await expect(note).toBeHidden()
})
