/**
 * Lists that several features show, each of them whole. Each is asked for in one way, so that
 * whoever reads it first fills the cache for all.
 */

import { queryOptions } from '@tanstack/react-query'
import { allPages, api, data, paging, type Schemas } from './client'

/** The largest page there is. The document does not name `limit` and `page`, which every list takes. */
const pageOf = (page?: string) => paging(100, page) as never
/** They change seldom, and whoever changes one reads it again. */
const staleTime = 60_000

export const projectsQuery = queryOptions({
  queryKey: ['projects'],
  queryFn: ({ signal }) =>
    allPages((page) => data(api.GET('/v1/projects', { params: { query: pageOf(page) }, signal }))),
  staleTime,
})

export const membersQuery = queryOptions({
  queryKey: ['members', 'all'],
  queryFn: ({ signal }) =>
    allPages((page) => data(api.GET('/v1/members', { params: { query: pageOf(page) }, signal }))),
  staleTime,
})

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => data(api.GET('/v1/models', { params: { query: { limit: 1000 } }, signal })),
  staleTime,
})

/** The tools that projects keep for their agents. */
export const toolsQuery = queryOptions({
  queryKey: ['tools'],
  queryFn: ({ signal }) =>
    allPages((page) => data(api.GET('/v1/tools', { params: { query: pageOf(page) }, signal }))),
  staleTime,
})

/** Names are searched in the page, so it needs them all; an organization has few enough. */
export const agentsQuery = (withArchived: boolean) =>
  queryOptions({
    queryKey: ['agents', { withArchived }],
    queryFn: async ({ signal }) => {
      const found: object[] = await allPages((page) => {
        const query = { include_archived: withArchived, ...paging(100, page) }
        return data(api.GET('/v1/agents', { params: { query }, signal }))
      })
      // The client's types lose the objects of free form within a tool.
      return found as Schemas['AgentView'][]
    },
    staleTime,
  })

export const aliasesQuery = queryOptions({
  queryKey: ['model_aliases'],
  queryFn: ({ signal }) =>
    allPages((page) => data(api.GET('/v1/model_aliases', { params: { query: pageOf(page) }, signal }))),
  staleTime,
})

export const deploymentsQuery = queryOptions({
  queryKey: ['deployments'],
  // Those of one agent cannot be asked for alone.
  queryFn: ({ signal }) =>
    allPages((page) => data(api.GET('/v1/deployments', { params: { query: pageOf(page) }, signal }))),
})
