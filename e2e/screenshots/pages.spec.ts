/** Pictures of every page over the demo: those that documents show, and all others to look at. */

import { mkdir } from 'node:fs/promises'
import { test } from '../house/demo.ts'
import { PAGES, visit } from '../house/demo-pages.ts'
import { takePicture } from '../house/picture.ts'

const IMAGES = new URL('../../docs/images/', import.meta.url).pathname

/** Git ignores them. */
const PICTURES = new URL('../pictures/', import.meta.url).pathname

/** What README and docs show, on a desktop in both themes. */
const SHOWN: readonly string[] = ['mission-control-session', 'agent-api', 'rollout', 'approvals']

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
          // Off the pane, so that nothing is pointed at.
          await page.mouse.move(0, 0)
          await page.evaluate(() => document.fonts.ready)
          const name = `${drawn.name}-${colorScheme}`
          await mkdir(`${PICTURES}${size}`, { recursive: true })
          await page.screenshot({ path: `${PICTURES}${size}/${name}.png`, animations: 'disabled' })
          if (size === 'desktop' && SHOWN.includes(drawn.name)) await takePicture(page, `${IMAGES}${name}.webp`)
        })
      }
    })
  }
}
