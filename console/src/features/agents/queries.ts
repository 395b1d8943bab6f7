import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, data, paging, type Schemas } from '@/lib/api/client'

export {
  agentsQuery,
  aliasesQuery,
  deploymentsQuery,
  membersQuery,
  modelsQuery,
  projectsQuery,
  toolsQuery,
} from '@/lib/api/lists'

export type Agent = Schemas['AgentView']
export type AgentChange = Schemas['UpdateAgent']
export type Deployment = Schemas['DeploymentView']

/** The client's types lose the objects of free form within a tool. */
export function asAgent(agent: object): Agent {
  return agent as Agent
}

export const agentQuery = (id: string) =>
  queryOptions({
    queryKey: ['agents', id],
    queryFn: async ({ signal }) =>
      asAgent(await data(api.GET('/v1/agents/{agent_id}', { params: { path: { agent_id: id } }, signal }))),
  })

export const versionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['agents', id, 'versions'],
    queryFn: async ({ signal }) => {
      const params = { path: { agent_id: id }, query: paging(100) as never }
      const answer = await data(api.GET('/v1/agents/{agent_id}/versions', { params, signal }))
      return answer.data.map(asAgent)
    },
  })

export const sessionsOfQuery = (agent: string) =>
  queryOptions({
    queryKey: ['sessions', { agent }],
    queryFn: ({ signal }) =>
      data(
        api.GET('/v1/sessions', {
          params: { query: { agent_id: agent, order: 'desc', ...paging(10) } },
          signal,
        }),
      ),
  })

export const runsOfQuery = (deployment: string) =>
  queryOptions({
    queryKey: ['deployments', deployment, 'runs'],
    queryFn: ({ signal }) =>
      data(
        api.GET('/v1/deployment_runs', {
          params: { query: { deployment_id: deployment, ...paging(20) } },
          signal,
        }),
      ),
  })

/** Changes the agent, and keeps its new version in the cache. */
export function useUpdateAgent(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (body: AgentChange) =>
      asAgent(await data(api.POST('/v1/agents/{agent_id}', { params: { path: { agent_id: id } }, body }))),
    onSuccess: (agent) => {
      client.setQueryData(agentQuery(id).queryKey, agent)
      void client.invalidateQueries({ queryKey: ['agents'] })
    },
  })
}

export function useCreateAgent() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Schemas['CreateAgent']) => data(api.POST('/v1/agents', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['agents'] }),
  })
}

export function useArchiveAgent() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) =>
      data(api.POST('/v1/agents/{agent_id}/archive', { params: { path: { agent_id: id } } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['deployments'] })
      return client.invalidateQueries({ queryKey: ['agents'] })
    },
  })
}

export type DeploymentAct = 'pause' | 'unpause' | 'archive' | 'run'

/** Makes, changes and moves deployments; their list and their runs are read anew after each. */
export function useDeployments() {
  const client = useQueryClient()
  const onSuccess = () => client.invalidateQueries({ queryKey: ['deployments'] })
  const save = useMutation({
    mutationFn: ({ id, body }: { id: string | undefined; body: Schemas['CreateDeployment'] }) =>
      id === undefined
        ? data(api.POST('/v1/deployments', { body }))
        : data(
            api.POST('/v1/deployments/{deployment}', {
              params: { path: { deployment: id } },
              body: withoutAgent(body),
            }),
          ),
    onSuccess,
  })
  const act = useMutation({
    mutationFn: async ({ id, act }: { id: string; act: DeploymentAct }) => {
      const params = { path: { deployment: id } }
      if (act === 'pause') await api.POST('/v1/deployments/{deployment}/pause', { params })
      else if (act === 'unpause') await api.POST('/v1/deployments/{deployment}/unpause', { params })
      else if (act === 'archive') await api.POST('/v1/deployments/{deployment}/archive', { params })
      else await api.POST('/v1/deployments/{deployment}/run', { params })
    },
    onSuccess,
  })
  return { save, act }
}

function withoutAgent({ agent: _, ...rest }: Schemas['CreateDeployment']): Schemas['UpdateDeployment'] {
  const { name, initial_events, schedule, trigger } = rest
  return {
    name,
    ...(initial_events ? { initial_events } : {}),
    ...(schedule ? { schedule } : {}),
    ...(trigger ? { trigger } : {}),
  }
}
