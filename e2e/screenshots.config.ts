import { defineConfig } from '@playwright/test'
import journeys from './playwright.config.ts'

/** The pictures of the documents: `npx playwright test -c screenshots.config.ts`. */
export default defineConfig(journeys, {
  testDir: 'screenshots',
  workers: 1,
  reporter: 'list',
  use: { ...journeys.use, viewport: { width: 1440, height: 900 } },
})
