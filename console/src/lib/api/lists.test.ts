import { QueryClient } from '@tanstack/react-query'
import { afterEach, expect, it, vi } from 'vitest'
import { agentsQuery, aliasesQuery, deploymentsQuery, membersQuery, projectsQuery, toolsQuery } from './lists'

afterEach(() => vi.unstubAllGlobals())

const client = new QueryClient()
const reads: [string, () => Promise<unknown[]>][] = [
  ['/v1/projects', () => client.fetchQuery(projectsQuery)],
  ['/v1/members', () => client.fetchQuery(membersQuery)],
  ['/v1/tools', () => client.fetchQuery(toolsQuery)],
  ['/v1/agents', () => client.fetchQuery(agentsQuery(false))],
  ['/v1/model_aliases', () => client.fetchQuery(aliasesQuery)],
  ['/v1/deployments', () => client.fetchQuery(deploymentsQuery)],
]

it.each(reads)('reads all of %s, beyond the first page', async (path, read) => {
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url)
    expect([pathname, searchParams.get('limit')]).toEqual([path, '100'])
    const isFirst = searchParams.get('page') === null
    return Response.json({ data: [isFirst ? 'first' : 'last'], next_page: isFirst ? 'more' : null })
  })
  expect(await read()).toEqual(['first', 'last'])
})
