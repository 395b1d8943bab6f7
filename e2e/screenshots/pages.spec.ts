/** Pictures of every page over the demo: those that documents show, and all others to look at. */

import { mkdir } from 'node:fs/promises'
import { test } from '../house/demo.ts'
import { PAGES, visit } from '../house/demo-pages.ts'

const IMAGES = new URL('../../docs/images/', import.meta.url).pathname

/** Git ignores them. */
const PICTURES = new URL('../pictures/', import.meta.url).pathname

/** What README and docs show. */
const SHOWN: Record<string, readonly string[]> = {
  light: ['mission-control-session'],
  dark: ['mission-control-session'],
}

const SIZES = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
} as const

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`${size}, ${colorScheme}`, () => {
      test.use({ colorScheme, viewport })

      for (const drawn of PAGES) {
        test(drawn.name, async ({ visitor: page, demo }) => {
          await visit(page, demo.url, demo.api, drawn)
          await page.getByRole('button', { name: 'Close this note' }).click()
          await page.evaluate(() => document.fonts.ready)
          const isShown = size === 'desktop' && SHOWN[colorScheme]?.includes(drawn.name)
          const folder = isShown ? IMAGES : `${PICTURES}${size}/`
          await mkdir(folder, { recursive: true })
          await page.screenshot({ path: `${folder}${drawn.name}-${colorScheme}.png`, animations: 'disabled' })
        })
      }
    })
  }
}
