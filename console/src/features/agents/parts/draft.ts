import type { Schemas } from '@/lib/api/client'
import type { Agent, AgentChange } from '../queries'
import { readObject } from './schema'

export type Tool = Schemas['ToolParam']

/** What may be spent, as it is typed. */
export interface Limits {
  money: string
  tokens: string
  steps: string
  toolCalls: string
  seconds: string
}

/** An agent as it is being written. */
export interface Draft {
  name: string
  description: string
  system: string
  model: string
  fallbacks: readonly string[]
  tools: readonly Tool[]
  /** As it is typed; empty is none. */
  outputSchema: string
  limits: Limits
}

export const NO_LIMITS: Limits = { money: '', tokens: '', steps: '', toolCalls: '', seconds: '' }

/** An agent of which nothing is written yet. */
export const EMPTY_DRAFT: Draft = {
  name: '',
  description: '',
  system: '',
  model: '',
  fallbacks: [],
  tools: [],
  outputSchema: '',
  limits: NO_LIMITS,
}

export function draftOf(agent: Agent): Draft {
  return {
    name: agent.name,
    description: agent.description ?? '',
    system: agent.system ?? '',
    model: agent.model.id,
    fallbacks: agent.model.fallbacks ?? [],
    // A tool is taken back in the shape in which it is shown: values of headers stay as they are.
    tools: agent.tools as Tool[],
    outputSchema: agent.output_schema ? JSON.stringify(agent.output_schema, null, 2) : '',
    limits: limitsOf(agent.budget),
  }
}

function limitsOf(budget: Schemas['BudgetView'] | null | undefined): Limits {
  const text = (value: number | null | undefined) => (value ? String(value) : '')
  return {
    money: budget?.max_list_cost?.amount ?? '',
    tokens: text(budget?.max_tokens),
    steps: text(budget?.max_steps),
    toolCalls: text(budget?.max_tool_calls),
    seconds: text(budget?.max_active_seconds),
  }
}

/** What is wrong with a draft, by the name of its field. */
export function faultsOf(draft: Draft): Record<string, string> {
  const faults: Record<string, string> = {}
  if (draft.name.trim() === '') faults['name'] = 'An agent needs a name.'
  if (draft.model === '') faults['model'] = 'Choose the model that it asks.'
  if (draft.limits.money !== '' && !/^\d+(\.\d{1,6})?$/.test(draft.limits.money)) {
    faults['money'] = 'A sum such as 5 or 0.50.'
  }
  // What the object says, the server judges: it knows all of JSON Schema.
  if (draft.outputSchema.trim() !== '') {
    const read = readObject(draft.outputSchema)
    if ('fault' in read) faults['output_schema'] = read.fault
  }
  for (const field of ['tokens', 'steps', 'toolCalls', 'seconds'] as const) {
    const value = draft.limits[field]
    if (value !== '' && !/^[1-9]\d{0,15}$/.test(value)) faults[field] = 'A whole number from 1 on.'
  }
  return faults
}

/** The schema that is typed; null is none, and so is a text that is no object and will not be sent. */
function schemaOf(text: string): Record<string, never> | null {
  const read = readObject(text)
  return ('object' in read ? read.object : null) as Record<string, never> | null
}

export function budgetOf(limits: Limits, currency = 'USD'): Schemas['BudgetParam'] | null {
  const number = (text: string) => (text === '' ? null : Number(text))
  if (Object.values(limits).every((value) => value === '')) return null
  return {
    type: 'limit',
    max_list_cost: limits.money === '' ? null : { amount: limits.money, currency },
    max_tokens: number(limits.tokens),
    max_steps: number(limits.steps),
    max_tool_calls: number(limits.toolCalls),
    max_active_seconds: number(limits.seconds),
  }
}

/** The change that makes the agent what the draft says; nothing that stays is in it. */
export function changeOf(draft: Draft, agent: Agent): AgentChange {
  const was = draftOf(agent)
  const change: AgentChange = {}
  if (draft.name !== was.name) change.name = draft.name
  if (draft.description !== was.description) change.description = draft.description || null
  if (draft.system !== was.system) change.system = draft.system || null
  if (draft.model !== was.model || !same(draft.fallbacks, was.fallbacks)) {
    change.model = { ...agent.model, id: draft.model, fallbacks: [...draft.fallbacks] }
  }
  if (!same(draft.tools, was.tools)) change.tools = [...draft.tools]
  // Another layout is no change.
  if (
    draft.outputSchema !== was.outputSchema &&
    !same(schemaOf(draft.outputSchema), agent.output_schema ?? null)
  ) {
    change.output_schema = schemaOf(draft.outputSchema)
  }
  if (!same(draft.limits, was.limits)) {
    change.budget = budgetOf(draft.limits, agent.budget?.max_list_cost?.currency)
  }
  return change
}

export function createOf(draft: Draft): Schemas['CreateAgent'] {
  return {
    name: draft.name.trim(),
    model: { id: draft.model, fallbacks: [...draft.fallbacks] },
    description: draft.description || null,
    system: draft.system || null,
    tools: [...draft.tools],
    budget: budgetOf(draft.limits),
    output_schema: schemaOf(draft.outputSchema),
  }
}

/** The change that brings back an older version, but for the budget, which belongs to no version. */
export function restoreOf(older: Agent): AgentChange {
  return {
    name: older.name,
    description: older.description ?? null,
    model: older.model,
    system: older.system ?? null,
    tools: older.tools as Tool[],
    output_schema: (older.output_schema ?? null) as Record<string, never> | null,
    mcp_servers: older.mcp_servers as unknown as Schemas['McpServer'][],
  }
}

export function isEmpty(change: AgentChange): boolean {
  return Object.keys(change).length === 0
}

export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
