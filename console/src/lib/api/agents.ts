import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { agentNamesQuery, projectsQuery } from './lists'

interface Named {
  id: string
  name: string
  project_id: string
}

/**
 * Each agent with the text to choose it by: its name, and where another has the same (every
 * project may have an `investigator`), its project behind it.
 */
export function labelled<A extends Named>(agents: A[], projects: { id: string; name: string }[]) {
  const counts = new Map<string, number>()
  for (const { name } of agents) counts.set(name, (counts.get(name) ?? 0) + 1)
  const names = new Map(projects.map((project) => [project.id, project.name]))
  return agents.map((agent) => {
    const project = counts.get(agent.name) !== 1 ? names.get(agent.project_id) : undefined
    return { ...agent, label: project === undefined ? agent.name : `${agent.name} · ${project}` }
  })
}

/** The agents to choose from; `undefined` while they are not read. */
export function useAgentNames() {
  const { data: agents } = useQuery(agentNamesQuery)
  const { data: projects } = useQuery(projectsQuery)
  return useMemo(() => agents && labelled(agents, projects ?? []), [agents, projects])
}
