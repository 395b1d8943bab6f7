import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { api, data, paging, type Schemas } from '@/lib/api/client'
import { toolsQuery } from '@/lib/api/lists'
import type { ApprovalItem, AskingCall, AskingRollout } from '@/lib/api/people'
import type { HttpTool } from './call'

/** What waits for people, what has waited longest first. */
export const approvalsQuery = infiniteQueryOptions({
  queryKey: ['approvals'],
  queryFn: ({ signal, pageParam }) =>
    data(api.GET('/v1/approvals', { params: { query: { ...paging(100, pageParam) } }, signal })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.next_page ?? undefined,
})

export function idOf(item: ApprovalItem): string {
  return item.type === 'tool_call' ? item.tool_use_id : item.rollout_id
}

/** The definition of the tool that a call is made with, where it is one over HTTP. */
export function useHttpTool(item: AskingCall) {
  const client = useQueryClient()
  return useQuery({
    queryKey: ['approvals', 'tool', item.session_id, item.name],
    queryFn: async ({ signal }): Promise<HttpTool | null> => {
      const session = await data(
        api.GET('/v1/sessions/{session_id}', { params: { path: { session_id: item.session_id } }, signal }),
      )
      const own = session.agent.tools.find((tool) => tool.type === 'http' && tool.name === item.name)
      if (own?.type === 'http') return own
      const tools = await client.fetchQuery(toolsQuery)
      return tools.find((tool) => tool.name === item.name && tool.project_id === item.project_id) ?? null
    },
    staleTime: 60_000,
  })
}

/** The whole arguments of a call whose arguments are too long for the list. */
export function wholeInputQuery(item: AskingCall) {
  return queryOptions({
    queryKey: ['approvals', 'input', item.tool_use_id],
    queryFn: async ({ signal }): Promise<unknown> => {
      const query = { 'types[]': ['agent.tool_use'], order: 'desc', ...paging(100) } as object
      const events = await data(
        api.GET('/v1/sessions/{session_id}/events', {
          params: { path: { session_id: item.session_id }, query },
          signal,
        }),
      )
      const call = events.data.find((event) => event.id === item.tool_use_id)
      if (call?.type !== 'agent.tool_use') throw new Error('The call is not among the session’s last calls.')
      return call.input
    },
    enabled: item.input_beginning !== null,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** A rollout that waits, with all that its approvers want to see. */
export function rolloutQuery(item: AskingRollout) {
  return queryOptions({
    queryKey: ['approvals', 'rollout', item.rollout_id],
    queryFn: ({ signal }) =>
      data(
        api.GET('/v1/rollouts/{rollout_id}', { params: { path: { rollout_id: item.rollout_id } }, signal }),
      ),
  })
}

export interface Verdict {
  item: ApprovalItem
  isYes: boolean
  reason: string
}

/** Says yes or no, with the request that the item names. What was decided leaves the list when the server says so. */
export function useDecide() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ item, isYes, reason }: Verdict) =>
      item.type === 'tool_call' ? decideCall(item, isYes, reason) : decideRollout(item, isYes, reason),
    onSettled: () => client.invalidateQueries({ queryKey: approvalsQuery.queryKey, exact: true }),
  })
}

function decideCall(item: AskingCall, isYes: boolean, reason: string): Promise<unknown> {
  const verdicts =
    item.why === 'resolution' ? (['did_not_happen', 'happened'] as const) : (['allow', 'deny'] as const)
  const event: Schemas['EventParam'] = {
    type: 'user.tool_confirmation',
    tool_use_id: item.tool_use_id,
    result: isYes ? verdicts[0] : verdicts[1],
    ...(!isYes && item.why === 'approval' && reason.trim() ? { deny_message: reason.trim() } : {}),
  }
  return data(
    api.POST('/v1/sessions/{session_id}/events', {
      params: { path: { session_id: item.session_id } },
      body: { events: [event] },
    }),
  )
}

function decideRollout(item: AskingRollout, isYes: boolean, reason: string): Promise<unknown> {
  const call = {
    params: { path: { rollout_id: item.rollout_id } },
    body: { reason: reason.trim() || null, requested_at: item.since },
  }
  return isYes
    ? data(api.POST('/v1/rollouts/{rollout_id}/approve', call))
    : data(api.POST('/v1/rollouts/{rollout_id}/reject', call))
}
