import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import { toast, toastError } from '@/components/ui/toast'
import { api, data } from '@/lib/api/client'
import { asApiError } from '@/lib/api/error'
import { type Agent, asAgent, useUpdateAgent } from '../queries'
import { changeOf, type Draft, draftOf, faultsOf, isEmpty } from './draft'

/**
 * A draft of an agent, and the version that it began from: a save that comes after somebody
 * else's is refused by the server, and `theirs` is what they made of it.
 */
export function useEditing(agent: Agent) {
  const [base, setBase] = useState(agent)
  const [draft, setDraft] = useState<Draft>(() => draftOf(agent))
  const [theirs, setTheirs] = useState<Agent>()
  const [refused, setRefused] = useState<Record<string, string>>({})
  const update = useUpdateAgent(agent.id)
  const change = changeOf(draft, base)
  const isChanged = !isEmpty(change)
  const faults = faultsOf(draft)

  // Nothing was typed yet: what others save is simply shown.
  if (agent.version > base.version && !isChanged && !update.isPending) {
    setBase(agent)
    setDraft(draftOf(agent))
  }
  useBlocker({
    shouldBlockFn: ({ current, next }) =>
      isChanged &&
      current.pathname !== next.pathname &&
      !window.confirm('Leave without saving your changes?'),
    enableBeforeUnload: isChanged,
  })

  const begin = (from: Agent) => {
    setBase(from)
    setDraft(draftOf(from))
    setTheirs(undefined)
    setRefused({})
  }
  const send = async (version: number) => {
    if (!isChanged || update.isPending) return
    if (Object.keys(faults).length > 0) {
      setRefused(faults)
      return
    }
    try {
      const saved = await update.mutateAsync({ ...change, version })
      begin(saved)
      toast({ title: `Saved as version ${saved.version}`, tone: 'good' })
    } catch (thrown) {
      await explain(thrown)
    }
  }
  const showTheirs = async () => {
    const params = { path: { agent_id: agent.id } }
    setTheirs(asAgent(await data(api.GET('/v1/agents/{agent_id}', { params }))))
  }
  const explain = async (thrown: unknown) => {
    const error = asApiError(thrown)
    if (error.status === 409) {
      await showTheirs().catch(toastError('Somebody else saved, and what they made was not read'))
      return
    }
    if (error.field) setRefused({ [fieldOf(error.field)]: error.message })
    toastError('The agent was not saved')(thrown)
  }

  return {
    base,
    draft,
    faults: { ...refused, ...(Object.keys(refused).length > 0 ? faults : {}) },
    theirs,
    isChanged,
    isSaving: update.isPending,
    change: (part: Partial<Draft>) => {
      setRefused({})
      setDraft({ ...draft, ...part })
    },
    save: () => void send(base.version),
    /** Saves on top of what the others made. */
    saveOver: () => {
      if (theirs) void send(theirs.version)
    },
    takeTheirs: () => {
      if (theirs) begin(theirs)
    },
    discard: () => begin(base),
  }
}

/** The server names a field as in the body: `model.id`, `budget.max_tokens`. */
export function fieldOf(param: string): string {
  const [first = '', second = ''] = param.split('.')
  const limits: Record<string, string> = {
    max_list_cost: 'money',
    max_tokens: 'tokens',
    max_steps: 'steps',
    max_tool_calls: 'toolCalls',
    max_active_seconds: 'seconds',
  }
  return first === 'budget' ? (limits[second] ?? 'money') : first
}
