import AxeBuilder from '@axe-core/playwright'
import { CLIENT, MockIssuer } from '../house/issuer.ts'
import { Server } from '../house/server.ts'
import { expect, test } from '../house/test.ts'

/** A server on which people log in elsewhere alone. */
function configuration(issuer: MockIssuer): string {
  return [
    '[login]',
    'passwords = false',
    '[login.oidc.corp]',
    `issuer = "${issuer.url}"`,
    `client_id = "${CLIENT.id}"`,
    `client_secret = "${CLIENT.secret}"`,
    'display_name = "Journeys Inc."',
    'allow_private = true',
    '',
  ].join('\n')
}

// What the browser itself says of a page that is asked for without a login.
test.use({ expected: ['401 (Unauthorized)'] })

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme })

    test('who logs in elsewhere comes back to where they were going, or is told why not', async ({ page }) => {
      const issuer = await MockIssuer.start()
      const server = await Server.start(configuration(issuer))
      try {
        const added = { name: 'Grace Hopper', email: 'grace@journeys.example', role: 'member' }
        await server.api.post('/v1/members', added)
        await page.goto(`${server.url}/usage`)
        const elsewhere = page.getByRole('link', { name: 'Continue with Journeys Inc.' })
        await expect(elsewhere).toBeVisible()
        await expect(page.getByLabel('Password')).toHaveCount(0)
        const { violations } = await new AxeBuilder({ page }).analyze()
        expect(violations.map(({ id }) => id)).toEqual([])

        // Nobody has added whoever is at the keyboard.
        await elsewhere.press('Enter')
        await page.getByRole('link', { name: 'I am Nobody' }).click()
        const told = page.getByRole('alert')
        await expect(told).toContainText('Nobody here has your e-mail address')
        await expect(told).toContainText(/req_[0-9a-z]{26}/)
        const faults = await new AxeBuilder({ page }).analyze()
        expect(faults.violations.map(({ id }) => id)).toEqual([])

        // Called off, and then somebody whom an admin has added.
        issuer.person = { sub: '2', email: 'grace@journeys.example', email_verified: true, name: 'Grace Hopper' }
        await elsewhere.click()
        await page.getByRole('link', { name: 'No', exact: true }).click()
        await expect(told).toContainText('called off')
        await elsewhere.click()
        await page.getByRole('link', { name: 'I am Grace Hopper' }).click()
        await expect(page).toHaveURL(`${server.url}/usage`)
        await page.goto(`${server.url}/settings/you`)
        await expect(page.getByText('grace@journeys.example')).toBeVisible()
        await expect(page.getByRole('heading', { name: 'Password' })).toHaveCount(0)

        const log = await server.log()
        expect(log).toContain('not let in')
        for (const code of issuer.codes.keys()) expect(log).not.toContain(code)
        expect(log).not.toContain(CLIENT.secret)
      } finally {
        // The page first: it would miss its server.
        await page.close()
        await server.stop()
        await issuer.stop()
      }
    })
  })
}
