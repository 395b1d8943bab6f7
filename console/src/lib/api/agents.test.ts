import { expect, it } from 'vitest'
import { labelled } from './agents'

const projects = [
  { id: 'p1', name: 'Main' },
  { id: 'p2', name: 'Shop' },
]

it('tells agents of one name apart by their projects', () => {
  const agents = [
    { id: 'a1', name: 'investigator', project_id: 'p1' },
    { id: 'a2', name: 'assistant', project_id: 'p1' },
    { id: 'a3', name: 'investigator', project_id: 'p2' },
    { id: 'a4', name: 'investigator', project_id: 'gone' },
  ]
  const labels = ['investigator · Main', 'assistant', 'investigator · Shop', 'investigator']
  expect(labelled(agents, projects).map((agent) => agent.label)).toEqual(labels)
})

it('tells agents of one name in one project apart by the end of their ids', () => {
  const alone = [
    { id: 'agent_01abcd', name: 'helper', project_id: 'p1' },
    { id: 'agent_01efgh', name: 'helper', project_id: 'p1' },
  ]
  const labels = ['helper · agent …abcd', 'helper · agent …efgh']
  expect(labelled(alone, projects).map((agent) => agent.label)).toEqual(labels)
  const more = [...alone, { id: 'agent_01ijkl', name: 'helper', project_id: 'p2' }]
  expect(labelled(more, projects).map((agent) => agent.label)).toEqual([
    'helper · Main · agent …abcd',
    'helper · Main · agent …efgh',
    'helper · Shop',
  ])
})
