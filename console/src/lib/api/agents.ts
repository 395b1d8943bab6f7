import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { agentsQuery, projectsQuery } from './lists'

interface Named {
  id: string
  name: string
  project_id: string
}

/**
 * Each agent with the text to choose it by: its name; behind it its project, where one of the same name
 * is in another (every project may have an `investigator`); and the end of its id, where that is not enough.
 */
export function labelled<A extends Named>(agents: A[], projects: { id: string; name: string }[]) {
  const names = new Map(projects.map((project) => [project.id, project.name]))
  const homes = new Map<string, Set<string>>()
  for (const { name, project_id } of agents) homes.set(name, (homes.get(name) ?? new Set()).add(project_id))
  const placed = agents.map((agent) => {
    const project = homes.get(agent.name)?.size === 1 ? undefined : names.get(agent.project_id)
    return { ...agent, label: project === undefined ? agent.name : `${agent.name} · ${project}` }
  })
  const counts = new Map<string, number>()
  for (const { label } of placed) counts.set(label, (counts.get(label) ?? 0) + 1)
  return placed.map((agent) =>
    counts.get(agent.label) === 1
      ? agent
      : { ...agent, label: `${agent.label} · agent …${agent.id.slice(-4)}` },
  )
}

/** The agents to choose from; `undefined` while they are not read. */
export function useAgentNames() {
  const { data: agents } = useQuery(agentsQuery(false))
  const { data: projects } = useQuery(projectsQuery)
  return useMemo(() => agents && labelled(agents, projects ?? []), [agents, projects])
}
