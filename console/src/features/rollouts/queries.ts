import {
  infiniteQueryOptions,
  type QueryClient,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { api, data, paging, type Schemas } from '@/lib/api/client'
import { projectsQuery } from '@/lib/api/lists'
import type { MonitorEvent } from './events'

export type Rollout = Schemas['RolloutView']
export type Approval = Schemas['ApprovalView']

export interface RolloutFilter {
  project?: string | undefined
  status?: RolloutStatus | undefined
}

/** What pipelines say. */
export const STATUSES = ['pending', 'running', 'success', 'failure', 'cancelled'] as const
export type RolloutStatus = (typeof STATUSES)[number]

const PER_PAGE = 50

export function rolloutsQuery({ project, status }: RolloutFilter) {
  return infiniteQueryOptions({
    queryKey: ['rollouts', 'list', { project, status }],
    queryFn: ({ signal, pageParam }) => {
      const query = {
        ...(project === undefined ? {} : { project_id: project }),
        ...(status === undefined ? {} : { status }),
        ...paging(PER_PAGE, pageParam),
      }
      return data(api.GET('/v1/rollouts', { params: { query }, signal }))
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_page ?? undefined,
  })
}

export function rolloutQuery(id: string) {
  return queryOptions({
    queryKey: ['rollouts', 'one', id],
    queryFn: ({ signal }) =>
      data(api.GET('/v1/rollouts/{rollout_id}', { params: { path: { rollout_id: id } }, signal })),
  })
}

/** What a rollout's session tells of the rollout; the rest of the conversation is on the session's page. */
const TOLD = [
  'monitor.update',
  'monitor.rollback',
  'monitor.ended',
  'rollout.reported',
  'rollout.approval_requested',
  'rollout.approval_decided',
  'agent.tool_use',
  'agent.tool_result',
  'agent.message',
  'user.message',
  'user.tool_confirmation',
]
const EVENTS_PER_PAGE = 100
/** A day of looks, thrice. */
const EVENTS_MAX = 1000

/** All of it, oldest first. Read again, it asks only for what came since. */
export function eventsQuery(client: QueryClient, sessionId: string) {
  const queryKey = ['rollouts', 'events', sessionId]
  return queryOptions({
    queryKey,
    queryFn: async ({ signal }) => {
      // What is still queued comes again when it is stored.
      const before = client.getQueryData<MonitorEvent[]>(queryKey) ?? []
      const known = before.filter((event) => typeof event.seq === 'number')
      const after = known.at(-1)?.id
      const events: MonitorEvent[] = [...known]
      let page: string | undefined
      do {
        const answer = await readEvents(sessionId, signal, {
          'types[]': TOLD,
          ...(after === undefined ? {} : { after }),
          ...paging(EVENTS_PER_PAGE, page),
        })
        events.push(...answer.data)
        page = answer.next_page ?? undefined
      } while (page !== undefined && events.length < EVENTS_MAX)
      return events
    },
    staleTime: Number.POSITIVE_INFINITY,
  })
}

interface EventPage {
  data: MonitorEvent[]
  next_page?: string | null
}

async function readEvents(sessionId: string, signal: AbortSignal, query: object): Promise<EventPage> {
  const page: unknown = await data(
    api.GET('/v1/sessions/{session_id}/events', {
      params: { path: { session_id: sessionId }, query },
      signal,
    }),
  )
  // The client unfolds the types of what it answers, and no longer knows them for the same.
  return page as EventPage
}

/** Names of projects; without them pages show ids, as whoever may not list projects sees them. */
export function useProjects() {
  return useQuery({ ...projectsQuery, retry: false })
}

export interface Decision {
  verdict: 'approve' | 'reject'
  reason: string
}

/** A word about a rollout that waits. It is bound to what was seen: to the moment of its asking. */
export function useDecideRollout(rollout: Rollout) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ verdict, reason }: Decision) => {
      const call = {
        params: { path: { rollout_id: rollout.id } },
        body: { reason: reason.trim() || null, requested_at: rollout.approval?.requested_at ?? null },
      }
      return verdict === 'approve'
        ? data(api.POST('/v1/rollouts/{rollout_id}/approve', call))
        : data(api.POST('/v1/rollouts/{rollout_id}/reject', call))
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['rollouts'] }),
  })
}

/** A word about the rollback that is proposed: it goes to its tool call. */
export function useDecideRollback(sessionId: string) {
  return useSend(sessionId, ({ toolUseId, allow, reason }: RollbackDecision) => ({
    type: 'user.tool_confirmation',
    tool_use_id: toolUseId,
    result: allow ? 'allow' : 'deny',
    ...(!allow && reason.trim() ? { deny_message: reason.trim() } : {}),
  }))
}

export interface RollbackDecision {
  toolUseId: string
  allow: boolean
  reason: string
}

/** A message to the agent that watches. */
export function useTalk(sessionId: string) {
  return useSend(sessionId, (text: string) => ({
    type: 'user.message',
    content: [{ type: 'text', text }],
  }))
}

function useSend<T>(sessionId: string, eventOf: (told: T) => Schemas['EventParam']) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (told: T) =>
      data(
        api.POST('/v1/sessions/{session_id}/events', {
          params: { path: { session_id: sessionId } },
          body: { events: [eventOf(told)] },
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ['rollouts', 'events', sessionId] }),
  })
}
