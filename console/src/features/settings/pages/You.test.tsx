import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, it, vi } from 'vitest'
import { TipProvider } from '@/components/ui/tooltip'
import { loginQuery } from '@/lib/api/login'
import type { Login, Setup } from '@/lib/api/people'
import { You } from './You'

const CORP = { name: 'corp', title: 'Example Corp' }

/** What was sent, by path. */
let sent: Record<string, unknown>
let answers: Record<string, () => Response>

beforeEach(() => {
  sent = {}
  answers = {}
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname } = new URL(request.url)
    if (request.method === 'POST') sent[pathname] = await request.json()
    return answers[pathname]?.() ?? Response.json({})
  })
})

const login = (role: string, more: Partial<Login> = {}) =>
  ({
    member: { id: 'member_1', name: 'Ada', email: 'ada@example.com', role },
    org: { id: 'org_1', name: 'Acme' },
    orgs: [{ id: 'org_1', name: 'Acme', role }],
    scopes: [],
    demo: false,
    ...more,
  }) as unknown as Login

async function show(who: Login, setup: Partial<Setup> = {}) {
  answers['/v1/setup'] = () => Response.json({ owner_needed: false, passwords: true, issuers: [], ...setup })
  answers['/v1/login'] = () => Response.json(who)
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  client.setQueryData(loginQuery.queryKey, who)
  const router = createRouter({
    routeTree: createRootRoute({ component: You }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  })
  render(
    <QueryClientProvider client={client}>
      <TipProvider>
        <RouterProvider router={router as never} />
      </TipProvider>
    </QueryClientProvider>,
  )
  await screen.findByRole('heading', { name: 'Logins' })
  return userEvent.setup()
}

it('lets an admin change their own name, and tells others who does', async () => {
  const user = await show(login('admin'))
  const name = await screen.findByLabelText('Name')
  await user.clear(name)
  await user.type(name, 'Ada Lovelace')
  await user.click(screen.getByRole('button', { name: 'Save the name' }))
  await waitFor(() => expect(sent['/v1/members/member_1']).toEqual({ name: 'Ada Lovelace' }))
})

it('has no form for a name whose owner may not change it', async () => {
  await show(login('member'))
  expect(screen.queryByLabelText('Name')).toBeNull()
  expect(screen.getByText(/An admin changes your name/)).toBeVisible()
})

it('changes the password, and shows at its field what the server says of it', async () => {
  const user = await show(login('member'))
  const fault = { type: 'invalid_request_error', message: 'is not your password', details: { param: 'old' } }
  answers['/v1/login/password'] = () => Response.json({ error: fault }, { status: 400 })
  await user.type(await screen.findByLabelText('Password now'), 'a wrong one')
  await user.type(screen.getByLabelText('New password'), 'a long enough password')
  await user.click(screen.getByRole('button', { name: 'Change the password' }))
  await screen.findByText('is not your password')
  expect(sent['/v1/login/password']).toEqual({ old: 'a wrong one', new: 'a long enough password' })
  expect(screen.getByLabelText('Password now')).toBeInvalid()
})

it('shows a new password to whoever wants to see what they type', async () => {
  const user = await show(login('member'))
  const field = await screen.findByLabelText('New password')
  expect(field).toHaveAttribute('type', 'password')
  await user.click(screen.getByRole('button', { name: 'Show what is typed' }))
  expect(field).toHaveAttribute('type', 'text')
})

it('says how to log in elsewhere, without a password where there is none', async () => {
  await show(login('member'), { passwords: false, issuers: [CORP] as Setup['issuers'] })
  await screen.findByText(/lets you in with Example Corp/)
  expect(screen.queryByLabelText('Password now')).toBeNull()
})

it('leads to the other organizations of the person', async () => {
  const orgs = [
    { id: 'org_1', name: 'Acme', role: 'member' },
    { id: 'org_2', name: 'Globex', role: 'viewer' },
  ] as Login['orgs']
  const user = await show(login('member', { orgs }))
  answers['/v1/login/switch'] = () => Response.json({ error: { message: 'no', type: 'x' } }, { status: 409 })
  await user.click(screen.getByRole('button', { name: 'Go there' }))
  await waitFor(() => expect(sent['/v1/login/switch']).toEqual({ org: 'org_2' }))
})

it('stays, and says so, when the server did not hear of a logout', async () => {
  const user = await show(login('member'))
  const fault = { type: 'api_error', message: 'storage failed' }
  answers['/v1/logout'] = () => Response.json({ error: fault, request_id: 'req_7' }, { status: 500 })
  await user.click(screen.getByRole('button', { name: 'Log out everywhere' }))
  await user.click(screen.getAllByRole('button', { name: 'Log out everywhere' }).at(-1) as HTMLElement)
  await screen.findByText('req_7')
  expect(sent['/v1/logout']).toEqual({ everywhere: true })
})
