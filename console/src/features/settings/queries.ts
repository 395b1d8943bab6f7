import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, data, paging, type Schemas } from '@/lib/api/client'

export { aliasesQuery, membersQuery, modelsQuery, projectsQuery, toolsQuery } from '@/lib/api/lists'

const ALL = 100
const first = undefined as string | undefined
const next = (page: { next_page?: string | null }) => page.next_page ?? undefined

export type Rule = Schemas['ApprovalRuleView']
export type Provider = Schemas['ProviderView']
export type Webhook = Schemas['WebhookView']
export type Delivery = Schemas['DeliveryView']
export type AuditEntry = Schemas['AuditView']

export const keysQuery = infiniteQueryOptions({
  queryKey: ['keys'],
  queryFn: ({ signal, pageParam }) =>
    data(api.GET('/v1/keys', { params: { query: { ...paging(ALL, pageParam) } }, signal })),
  initialPageParam: first,
  getNextPageParam: next,
})

export const memberPagesQuery = infiniteQueryOptions({
  queryKey: ['members', 'pages'],
  queryFn: ({ signal, pageParam }) =>
    data(api.GET('/v1/members', { params: { query: paging(ALL, pageParam) as never }, signal })),
  initialPageParam: first,
  getNextPageParam: next,
})

export const orgQuery = queryOptions({
  queryKey: ['org'],
  queryFn: ({ signal }) => data(api.GET('/v1/org', { signal })),
})

export const rulesQuery = queryOptions({
  queryKey: ['approval_rules'],
  queryFn: ({ signal }) =>
    data(api.GET('/v1/approval_rules', { params: { query: paging(ALL) as never }, signal })),
})

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: ({ signal }) =>
    data(api.GET('/v1/providers', { params: { query: paging(ALL) as never }, signal })),
})

export const webhooksQuery = queryOptions({
  queryKey: ['webhooks'],
  queryFn: ({ signal }) => data(api.GET('/v1/webhooks', { params: { query: paging(ALL) as never }, signal })),
})

export function webhookQuery(id: string) {
  return queryOptions({
    queryKey: ['webhooks', id],
    queryFn: ({ signal }) =>
      data(api.GET('/v1/webhooks/{webhook_id}', { params: { path: { webhook_id: id } }, signal })),
  })
}

export function deliveriesQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: ['webhooks', id, 'deliveries'],
    queryFn: ({ signal, pageParam }) =>
      data(
        api.GET('/v1/webhooks/{webhook_id}/deliveries', {
          params: { path: { webhook_id: id }, query: paging(50, pageParam) as never },
          signal,
        }),
      ),
    initialPageParam: first,
    getNextPageParam: next,
    // Nothing tells a page of deliveries; it looks again while one is on its way.
    refetchInterval: ({ state }) => {
      const isUnderWay = state.data?.pages[0]?.data.some(
        ({ status, next_attempt_at: next }) => status === 'waiting' && Date.parse(next ?? '') <= Date.now(),
      )
      return isUnderWay ? 1000 : false
    },
  })
}

export interface AuditFilter {
  action?: string | undefined
  actor?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

export function readAudit({ action, actor, from, to }: AuditFilter, page?: string, signal?: AbortSignal) {
  const query = {
    ...(action ? { 'actions[]': [action] } : {}),
    ...(actor ? { actor } : {}),
    ...(from ? { 'created_at[gte]': `${from}T00:00:00Z` } : {}),
    ...(to ? { 'created_at[lte]': `${to}T23:59:59Z` } : {}),
    ...paging(ALL, page),
  }
  return data(api.GET('/v1/audit', { params: { query }, ...(signal ? { signal } : {}) }))
}

export function auditQuery(filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ signal, pageParam }) => readAudit(filter, pageParam, signal),
    initialPageParam: first,
    getNextPageParam: next,
  })
}

/** The first word of the key of what is read. */
type Noun =
  | 'approval_rules'
  | 'keys'
  | 'login'
  | 'members'
  | 'model_aliases'
  | 'models'
  | 'org'
  | 'projects'
  | 'providers'
  | 'webhooks'

/**
 * Does something, then reads again what it made stale. The first of these is what the page shows,
 * and is waited for; the others may take longer: models are asked of each provider.
 */
export function useAct<Told, Answer>(
  stale: readonly [Noun, ...Noun[]],
  act: (told: Told) => Promise<Answer>,
) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: act,
    onSuccess: () => {
      const [shown] = stale.map((noun) => client.invalidateQueries({ queryKey: [noun] }))
      return shown
    },
  })
}
