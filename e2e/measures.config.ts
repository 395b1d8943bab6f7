import { defineConfig } from '@playwright/test'
import journeys from './playwright.config.ts'

/** What the page costs: `npx playwright test -c measures.config.ts`, with a server built to ship. */
export default defineConfig(journeys, { testDir: 'measures', workers: 1, reporter: 'line' })
