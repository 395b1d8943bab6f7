/** Who uses the house, and how they come in. */

import type { Page } from '@playwright/test'
import type { Json } from './api.ts'
import type { Server } from './server.ts'

/** The owner, once their account is made. */
export const OWNER = { name: 'Ada Lovelace', password: 'a long enough password' }

export type Role = 'viewer' | 'member' | 'admin'

export interface Person {
  id: string
  name: string
  email: string
  password: string
}

/** The cookies of a login. */
export type Login = { name: string; value: string; url: string }[]

/** The owner's account, made by the link that the first start printed. */
export function makeOwner(server: Server): Promise<Login> {
  return comeIn(server, server.ownerLink, OWNER)
}

let invited = 0

/** Somebody with this role, who was invited and has a password. */
export async function makePerson(server: Server, role: Role): Promise<Person> {
  invited += 1
  const person = { name: `The ${role}`, email: `${role}-${invited}@example.com`, password: 'quite a long password' }
  const { name, email, password } = person
  const member = await server.api.post('/v1/members', { email, name, role })
  const id = String(member['id'])
  const link = await server.api.post(`/v1/members/${id}/invitation`)
  await comeIn(server, String(link['url']), { name, password })
  return { id, ...person }
}

/** Through the page, as people do. */
export async function logIn(page: Page, server: Server, { email, password }: Person): Promise<void> {
  await page.goto(`${server.url}/login`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL(`${server.url}/`)
}

async function comeIn(server: Server, link: string, body: Json): Promise<Login> {
  const token = link.split('/').pop()
  const response = await fetch(`${server.url}/v1/links/${token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`nobody came in by the link: ${await response.text()}`)
  return response.headers.getSetCookie().map((cookie) => {
    const [pair] = cookie.split(';')
    const [name, ...value] = (pair ?? '').split('=')
    return { name: name ?? '', value: value.join('='), url: server.url }
  })
}
