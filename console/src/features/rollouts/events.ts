import type { Schemas } from '@/lib/api/client'

export type MonitorEvent = Schemas['EventView']
export type MonitorUpdate = Extract<MonitorEvent, { type: 'monitor.update' }>
export type MonitorRollback = Extract<MonitorEvent, { type: 'monitor.rollback' }>
export type MonitorEnded = Extract<MonitorEvent, { type: 'monitor.ended' }>
export type ToolUse = Extract<MonitorEvent, { type: 'agent.tool_use' }>

/** The looks, oldest first. */
export function looksOf(events: readonly MonitorEvent[]): MonitorUpdate[] {
  return events.filter((event) => event.type === 'monitor.update')
}

/** How the watch ended, unless another round has begun since. */
export function endOf(events: readonly MonitorEvent[]): MonitorEnded | undefined {
  const last = events.findLast((event) => event.type === 'monitor.ended' || event.type === 'monitor.update')
  return last?.type === 'monitor.ended' ? last : undefined
}

/** What became of taking the rollout back. */
export interface Rollback {
  told: MonitorRollback
  /** The call it is about, if one was made or is proposed. */
  call: ToolUse | undefined
  state: 'proposed' | 'allowed' | 'denied' | 'begun' | 'done' | 'failed' | 'impossible' | 'void'
  /** Why somebody refused it, or what the call answered. */
  word: string | undefined
}

/** The newest rollback of a session: a rollout may have one in each of its rounds. */
export function rollbackOf(events: readonly MonitorEvent[]): Rollback | undefined {
  const at = events.findLastIndex((event) => event.type === 'monitor.rollback')
  const told = events[at]
  if (told?.type !== 'monitor.rollback') return undefined
  if (told.step === 'impossible' || told.step === 'void') {
    return { told, call: undefined, state: told.step, word: undefined }
  }
  const call = callOf(events, at)
  const answer =
    call && events.find((event) => event.type === 'agent.tool_result' && event.tool_use_id === call.id)
  if (answer?.type === 'agent.tool_result') {
    const denial = denialOf(events, call)
    if (denial) return { told, call, state: 'denied', word: denial.deny_message ?? undefined }
    return { told, call, state: answer.is_error ? 'failed' : 'done', word: textOf(answer.content) }
  }
  const decided = confirmationOf(events, call)
  if (decided) {
    const isDenied = decided.result === 'deny'
    return { told, call, state: isDenied ? 'denied' : 'allowed', word: decided.deny_message ?? undefined }
  }
  return { told, call, state: told.step === 'proposed' ? 'proposed' : 'begun', word: undefined }
}

/** The call stands beside what is told of it; the model's own calls come from other looks. */
function callOf(events: readonly MonitorEvent[], at: number): ToolUse | undefined {
  const behind = events
    .slice(at + 1)
    .find((event) => event.type === 'agent.tool_use' || event.type === 'monitor.update')
  if (behind?.type === 'agent.tool_use') return behind
  const before = events[at - 1]
  return before?.type === 'agent.tool_use' ? before : undefined
}

function confirmationOf(events: readonly MonitorEvent[], call: ToolUse | undefined) {
  const found = events.findLast(
    (event) => event.type === 'user.tool_confirmation' && event.tool_use_id === call?.id,
  )
  return found?.type === 'user.tool_confirmation' ? found : undefined
}

function denialOf(events: readonly MonitorEvent[], call: ToolUse | undefined) {
  const found = confirmationOf(events, call)
  return found?.result === 'deny' ? found : undefined
}

/** The text of a message or a result. */
export function textOf(content: readonly Schemas['ContentView'][]): string {
  return content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n')
}

/** When an event was stored. Those that still wait have no time yet. */
export function timeOf(event: MonitorEvent): string | undefined {
  return event.processed_at ?? undefined
}
