import type { Agent } from '../queries'

/** Whether every word that was typed stands somewhere in the agent. */
export function matches(agent: Agent, text: string): boolean {
  const all = `${agent.name} ${agent.description ?? ''} ${agent.model.id} ${agent.id}`.toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word))
}
