/**
 * Lists that several features show. Each is asked for in one way, so that whoever reads it first
 * fills the cache for all.
 */

import { queryOptions } from '@tanstack/react-query'
import { allPages, api, data, paging } from './client'

/** The largest page there is. The document does not name `limit`, which every list takes. */
const ALL = paging(100) as never
/** They change seldom, and whoever changes one reads it again. */
const staleTime = 60_000

export const projectsQuery = queryOptions({
  queryKey: ['projects'],
  queryFn: ({ signal }) => data(api.GET('/v1/projects', { params: { query: ALL }, signal })),
  staleTime,
})

export const membersQuery = queryOptions({
  queryKey: ['members', 'all'],
  queryFn: ({ signal }) => data(api.GET('/v1/members', { params: { query: ALL }, signal })),
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
  queryFn: ({ signal }) => data(api.GET('/v1/tools', { params: { query: ALL }, signal })),
  staleTime,
})

/** The agents to choose from, by their names. */
export const agentNamesQuery = queryOptions({
  queryKey: ['agents', 'names'],
  queryFn: ({ signal }) => data(api.GET('/v1/agents', { params: { query: ALL }, signal })),
})

export const aliasesQuery = queryOptions({
  queryKey: ['model_aliases'],
  queryFn: ({ signal }) => data(api.GET('/v1/model_aliases', { params: { query: ALL }, signal })),
  staleTime,
})

export const deploymentsQuery = queryOptions({
  queryKey: ['deployments'],
  // Those of one agent cannot be asked for alone.
  queryFn: ({ signal }) =>
    allPages((page) =>
      data(api.GET('/v1/deployments', { params: { query: { ...paging(100, page) } }, signal })),
    ),
})
