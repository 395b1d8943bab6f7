import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { deploymentsQuery } from '@/lib/api/lists'
import type { SessionRow } from './rows'

/** What a session was begun over, in a word. */
const ORIGINS: Record<string, string> = {
  native: 'API',
  make: 'run',
  cassidy: 'thread',
  cased: 'investigation',
  monitor: 'rollout',
}

const TRIGGERS: Record<string, string> = {
  embed: 'embed',
  schedule: 'schedule',
  webhook: 'webhook',
  rollout_monitor: 'rollout',
}

/** What began a session: the kind of the deployment that did, or the API over which somebody did. */
export function useBegunBy(): (session: Pick<SessionRow, 'deployment_id' | 'origin'>) => string {
  const { data: deployments } = useQuery(deploymentsQuery)
  const kinds = useMemo(
    () => new Map(deployments?.map(({ id, trigger }) => [id, TRIGGERS[trigger.type]])),
    [deployments],
  )
  return useCallback(
    ({ deployment_id: deployment, origin }) =>
      (deployment && kinds.get(deployment)) || (origin ? (ORIGINS[origin] ?? origin) : '–'),
    [kinds],
  )
}
