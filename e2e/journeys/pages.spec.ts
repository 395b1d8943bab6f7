import AxeBuilder from '@axe-core/playwright'
import { fitsAPhone, isDrawn, PAGES } from '../house/pages.ts'
import { expect, test } from '../house/test.ts'

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme })

    for (const path of PAGES) {
      test(`${path} is drawn, can be used by everyone, and fits a phone`, async ({ owner: page, server }) => {
        await page.goto(server.url + path)
        await isDrawn(page)
        const { violations } = await new AxeBuilder({ page }).analyze()
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([])
        await fitsAPhone(page)
      })
    }
  })
}

test('an address that is none of the console says so', async ({ owner: page, server, tolerated }) => {
  tolerated.push('404 (Not Found)')
  await page.goto(`${server.url}/no-such-page`)
  await page.getByRole('link', { name: 'Go to Mission Control' }).click()
  await expect(page.getByRole('heading', { name: 'Mission Control' })).toBeVisible()
})
