import { expect, it } from 'vitest'
import { labelled } from './agents'

it('tells agents of one name apart by their projects', () => {
  const projects = [
    { id: 'p1', name: 'Main' },
    { id: 'p2', name: 'Shop' },
  ]
  const agents = [
    { id: 'a1', name: 'investigator', project_id: 'p1' },
    { id: 'a2', name: 'assistant', project_id: 'p1' },
    { id: 'a3', name: 'investigator', project_id: 'p2' },
    { id: 'a4', name: 'investigator', project_id: 'gone' },
  ]
  const labels = ['investigator · Main', 'assistant', 'investigator · Shop', 'investigator']
  expect(labelled(agents, projects).map((agent) => agent.label)).toEqual(labels)
})
