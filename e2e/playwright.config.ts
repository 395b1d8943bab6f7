import { defineConfig } from '@playwright/test'

/** Debian's Chromium, or the one that is named; nothing is downloaded. */
const chromium = process.env['SORTIE_CHROMIUM'] ?? '/usr/bin/chromium'

/** It speaks to the server under test and to nobody else. */
const alone = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

export default defineConfig({
  testDir: 'journeys',
  outputDir: 'results',
  // Each worker has a server of its own; two cores carry two of them.
  workers: 2,
  fullyParallel: false,
  forbidOnly: Boolean(process.env['CI']),
  // On a machine that stalls; the summary names every journey that needed its second try.
  retries: process.env['CI'] ? 1 : 0,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list'], ['json', { outputFile: 'results/report.json' }]],
  use: {
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    trace: 'retain-on-failure',
    launchOptions: { executablePath: chromium, args: alone },
  },
})
