import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import { TipProvider } from '@/components/ui/tooltip'
import { agentsQuery } from '@/lib/api/lists'
import { FilterBar } from './FilterBar'

vi.mock('@tanstack/react-router', () => ({ getRouteApi: () => ({ useNavigate: () => () => {} }) }))

const asked: string[] = []
const agent = { id: 'agent_1', name: 'investigator', project_id: 'p1' }

function show() {
  asked.length = 0
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname } = new URL(request.url)
    asked.push(pathname)
    return Response.json({ data: pathname === '/v1/agents' ? [agent] : [], next_page: null })
  })
  const client = new QueryClient()
  render(
    <QueryClientProvider client={client}>
      <TipProvider>
        <FilterBar filters={{}} />
      </TipProvider>
    </QueryClientProvider>,
  )
  return { client, user: userEvent.setup() }
}

it('reads the agents when its menu is opened, not with the page', async () => {
  const { user } = show()
  expect(asked).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Filter' }))
  await screen.findByRole('menuitem', { name: 'investigator' })
  expect(asked.toSorted()).toEqual(['/v1/agents', '/v1/projects'])
})

it('shows the agents that the list of agents has read', async () => {
  const { client, user } = show()
  await client.fetchQuery(agentsQuery(false))
  await user.click(screen.getByRole('button', { name: 'Filter' }))
  await screen.findByRole('menuitem', { name: 'investigator' })
  expect(asked.filter((path) => path === '/v1/agents')).toHaveLength(1)
})
