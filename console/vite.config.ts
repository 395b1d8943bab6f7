import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

/** Where the server listens while the page is worked on: `SORTIE_URL=… npm run dev`. */
const server = process.env.SORTIE_URL ?? 'http://127.0.0.1:7717'

/** What the server answers; everything else is the page's. */
const answered = ['/v1', '/api', '/openapi.json', '/health', '/docs', '/embed', '/login/oidc']

/** The files of which the first page uses most. */
const ON_LOAD = ['react', 'tanstack']

/**
 * Chromium then compiles these on its own threads while they arrive, not one function after the
 * other while the first page is drawn: a sixth less for the page's own thread to do.
 */
const compiledOnLoad: Plugin = {
  name: 'compiled-on-load',
  enforce: 'post',
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type !== 'chunk' || !ON_LOAD.includes(file.name)) continue
      file.code = `//# allFunctionsCalledOnLoad\n${file.code}`
    }
  },
}

export default defineConfig({
  plugins: [react(), tailwindcss(), compiledOnLoad],
  resolve: { alias: { '@': `${import.meta.dirname}/src` } },
  build: {
    target: 'es2023',
    // Colours stay `light-dark()`: they follow `color-scheme`, which the theme switch sets.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The content security policy allows no `data:` but for pictures.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\// },
            { name: 'tanstack', test: /node_modules\/@tanstack\/(react-|)(query|router|history|store)/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(answered.map((path) => [path, { target: server, changeOrigin: true }])),
  },
  test: { environment: 'jsdom', setupFiles: ['./src/test/setup.ts'], restoreMocks: true },
})
