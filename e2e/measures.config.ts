import { defineConfig } from '@playwright/test'
import journeys from './playwright.config.ts'

/**
 * What the page costs: `npx playwright test -c measures.config.ts`, with a server built to ship.
 * No trace is kept: for one, the page is copied and pictured all the while, on the page's own time.
 */
export default defineConfig(journeys, {
  testDir: 'measures',
  workers: 1,
  reporter: 'line',
  use: { ...journeys.use, trace: 'off' },
})
