import { expect, OWNER, test } from '../house/test.ts'

test('who is not logged in is asked to, and comes back to where they were going', async ({
  page,
  server,
  ownerState,
}) => {
  expect(ownerState).not.toEqual([])
  const { member } = (await server.api.get('/v1/login')) as { member: { email: string } }
  await page.goto(`${server.url}/usage`)
  await expect(page).toHaveURL(/\/login\?next=/)
  await page.getByLabel('E-mail').fill(member.email)
  await page.getByLabel('Password', { exact: true }).fill('not the password')
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await page.getByLabel('Password', { exact: true }).fill(OWNER.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page).toHaveURL(/\/usage$/)
})

// What the browser itself says of a request that is refused.
test.use({ expected: ['401 (Unauthorized)'] })
