import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactNode } from 'react'
import { beforeEach, expect, it, vi } from 'vitest'
import { AliasForm } from './parts/AliasForm'
import { ProviderForm } from './parts/ProviderForm'
import { modelsQuery } from './queries'

/** The calls that were made, in their order. */
let calls: string[] = []

beforeEach(() => {
  calls = []
  vi.stubGlobal('fetch', async (request: Request) => {
    calls.push(`${request.method} ${new URL(request.url).pathname}`)
    return Response.json({ data: [], unavailable: [], next_page: null })
  })
})

/** What an agent's model picker reads, on the same page. */
function Picker() {
  useQuery(modelsQuery)
  return null
}

function show(form: ReactNode) {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Picker />
      {form}
    </QueryClientProvider>,
  )
  return userEvent.setup()
}

const modelsRead = () => calls.filter((call) => call === 'GET /v1/models').length

it('reads the models again once a provider was added', async () => {
  const onClose = vi.fn()
  const user = show(<ProviderForm provider={undefined} onClose={onClose} />)
  await waitFor(() => expect(modelsRead()).toBe(1))
  await user.type(screen.getByLabelText('Name'), 'acme')
  await user.click(screen.getByRole('button', { name: 'Add' }))
  await waitFor(() => expect(onClose).toHaveBeenCalled())
  expect(calls).toContain('POST /v1/providers')
  await waitFor(() => expect(modelsRead()).toBe(2))
})

it('reads the models again once an alias was set', async () => {
  const onClose = vi.fn()
  const user = show(<AliasForm onClose={onClose} />)
  await waitFor(() => expect(modelsRead()).toBe(1))
  await user.type(screen.getByLabelText('Alias'), 'fast')
  await user.type(screen.getByLabelText('Model'), 'acme/small')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(onClose).toHaveBeenCalled())
  expect(calls).toContain('POST /v1/model_aliases/fast')
  await waitFor(() => expect(modelsRead()).toBe(2))
})
