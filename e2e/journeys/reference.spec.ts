import { expect, test } from '../house/test.ts'

const REFERENCES = [
  ['/docs', '/v1/sessions/{session_id}/events'],
  ['/docs/cassidy', 'Create a thread'],
  ['/docs/make', '/ai-agents/v1/agents'],
  ['/docs/cased', '/deployments'],
] as const

/** The renderer asks for its maker's logo, which the page's policy refuses. */
const LOGO = 'https://cdn.redoc.ly/'

test.use({ expected: [LOGO] })

for (const [page, shown] of REFERENCES) {
  test(`the reference at ${page} is drawn without a network`, async ({ page: browser, server }) => {
    const foreign: string[] = []
    browser.on('request', (request) => {
      const url = request.url()
      const isOurs = [server.url, 'blob:', 'data:', LOGO].some((origin) => url.startsWith(origin))
      if (!isOurs) foreign.push(url)
    })
    await browser.goto(server.url + page)
    // A megabyte of script draws it all at once, which takes a busy machine a while.
    await expect(browser.getByText(shown).first()).toBeAttached({ timeout: 60_000 })
    expect(foreign).toEqual([])
  })
}
