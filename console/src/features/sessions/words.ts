import type { Schemas } from '@/lib/api/client'
import { words } from '@/lib/format'
import { type SessionEvent, type SessionLog, type ToolCall, waiting } from '@/lib/session/log'

const UNITS: Record<Schemas['UnitView'], string> = {
  tokens: 'tokens',
  steps: 'model calls',
  tool_calls: 'tool calls',
  time: 'working time',
  money: 'money',
}

const NEEDS: Record<NonNullable<ToolCall['need']>, (name: string) => string> = {
  approval: (name) => `It waits for a person to allow or deny \`${name}\`.`,
  resolution: (name) => `\`${name}\` was cut off and may have happened: it waits for somebody who knows.`,
  client_result: (name) => `It waits for its client to run \`${name}\` and send the result.`,
}

/** Why a session is not working, in words; nothing while it works. */
export function whyWaiting(log: SessionLog): string | undefined {
  if (log.isDeleted) return 'This session was deleted.'
  if (log.status === 'terminated') return 'It has ended for good and takes no more messages.'
  if (log.status === 'rescheduling') return 'A fault interrupted it. It goes on by itself in a moment.'
  if (log.status !== 'idle') return undefined
  const tools = waiting(log)
  const [tool] = tools
  if (tool?.need) {
    const more = tools.length - 1
    return (
      NEEDS[tool.need](tool.name) +
      (more > 0 ? ` ${more} more ${more === 1 ? 'call waits' : 'calls wait'} too.` : '')
    )
  }
  return log.stopReason ? whyStopped(log.stopReason) : undefined
}

export function whyStopped(reason: Schemas['StopReasonView']): string {
  switch (reason.type) {
    case 'end_turn':
      return 'It has answered and waits for the next message.'
    case 'requires_action':
      return 'It waits for a decision.'
    case 'retries_exhausted':
      return 'The model failed too often in a row. Send a message to try again.'
    case 'refusal':
      return 'The model refused to answer.'
    case 'budget_reached':
      return `The ${reason.budget ?? 'run'}’s limit of ${UNITS[reason.unit]} is reached. Raise it, or send a message when it may go on.`
  }
}

type Note = [title: string, text?: string | undefined]

/** An event that has no form of its own, as one line. */
export function noteOf(event: SessionEvent): Note {
  switch (event.type) {
    case 'user.interrupt':
      return ['Interrupted', 'Somebody asked the agent to stop.']
    case 'agent.thread_context_compacted':
      return [
        'Context shortened',
        event.summary ?? 'Long results of tools are shown to the model without their middle.',
      ]
    case 'session.status_rescheduled':
      return ['Rescheduled', 'A fault interrupted the turn; it goes on by itself.']
    case 'session.status_terminated':
      return ['Ended']
    case 'session.status_idle':
      return ['Stopped', whyStopped(event.stop_reason)]
    case 'session.updated':
      return ['Changed', changed(event)]
    case 'session.output_invalid':
      return ['Answer did not fit the output schema', event.reason]
    case 'session.run_dropped':
      return ['Run dropped', whyStopped(event.stop_reason)]
    case 'rollout.reported':
      return [`Rollout ${event.status}`, event.request]
    case 'rollout.approval_requested':
      return ['Approval requested', `by ${event.rules.join(', ')}`]
    case 'rollout.approval_decided':
      return [`Rollout ${event.outcome}`, [event.name, event.reason].filter(Boolean).join(': ') || undefined]
    case 'monitor.update':
      return [`Check ${event.check}: ${words(event.level)}`, event.summary]
    case 'monitor.rollback':
      return [`Rollback ${event.step}`, event.summary]
    case 'monitor.ended':
      return [`Monitor ${words(event.outcome ?? event.end)}`, event.summary]
    default:
      return [words(event.type)]
  }
}

function changed(event: Extract<SessionEvent, { type: 'session.updated' }>): string {
  const parts = [
    event.title !== undefined && `title: ${event.title ?? 'none'}`,
    event.metadata !== undefined && 'metadata',
    event.agent !== undefined && 'agent',
    event.budget !== undefined && 'budget',
  ]
  return parts.filter(Boolean).join(', ')
}
