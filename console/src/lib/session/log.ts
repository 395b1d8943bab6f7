import type { Schemas } from '../api/client'

/** A stored event, or one that waits to be stored. */
export type SessionEvent = Schemas['EventView']
export type EventOf<T extends SessionEvent['type']> = Extract<SessionEvent, { type: T }>
export type Content = Schemas['ContentView']

/** A model call: what is between its start and its end in the log belongs to it. */
export interface ModelCall {
  /** The id of its start. */
  id: string
  model: string
  startedAt: string
  endedAt: string | undefined
  usage: Schemas['CallUsage'] | undefined
  cost: Schemas['Money'] | undefined
  isError: boolean
  /** The ids of the tool calls that it asked for. */
  tools: readonly string[]
}

/** Why a tool call is not done. */
export type Need = 'approval' | 'resolution' | 'client_result'

/** A tool call, from the question to its answer. */
export interface ToolCall {
  /** The id of the event that asked for it. */
  id: string
  name: string
  input: unknown
  /** What it does to the world; nothing is known of a client's own tool. */
  effect: Schemas['EffectParam'] | undefined
  isCustom: boolean
  askedAt: string
  /** Whether it asked a person before it was made. */
  asked: boolean
  decision: { result: Schemas['VerdictView']; message: string | undefined; at: string } | undefined
  result: readonly Content[] | undefined
  isError: boolean
  endedAt: string | undefined
  /** What it waits for now. */
  need: Need | undefined
}

/** A line of the transcript. */
export type Row =
  | { kind: 'message'; key: string; event: EventOf<'user.message' | 'agent.message' | 'system.message'> }
  | { kind: 'model'; key: string; call: string }
  | { kind: 'thinking'; key: string; event: SessionEvent }
  | { kind: 'tool'; key: string; call: string }
  | { kind: 'error'; key: string; event: EventOf<'session.error'> }
  | { kind: 'note'; key: string; event: SessionEvent }

export type Lane = 'model' | 'tool' | 'person' | 'retry'

/** A stretch of time in the overview. */
export interface Bar {
  lane: Lane
  /** Milliseconds of the epoch. */
  from: number
  to: number | undefined
  /** The key of the row it leads to. */
  row: string
  tone: 'busy' | 'good' | 'warn' | 'bad'
}

/** Text in the making: not in the log yet. */
export interface Live {
  id: string
  kind: 'message' | 'thinking'
  text: string
  /** How many bytes of it are known: where to go on from. */
  end: number
}

/** A session, as its log tells it, or as a part of its log does. */
export interface SessionLog {
  /** `seq` of the first event that it holds, or would hold. */
  first: number
  /** By `seq`, without gaps: the event with `seq` n stands at n - `first`. */
  events: readonly SessionEvent[]
  rows: readonly Row[]
  calls: ReadonlyMap<string, ModelCall>
  tools: ReadonlyMap<string, ToolCall>
  bars: readonly Bar[]
  live: Live | undefined
  status: Schemas['StatusView']
  /** Why it is idle. */
  stopReason: Schemas['StopReasonView'] | undefined
  usage: Schemas['UsageView'] | undefined
  budget: Schemas['BudgetView'] | undefined
  title: string | undefined
  /** The model call that is under way. */
  openCall: string | undefined
  /** The newest model call: tool calls that follow it in the log are what it asked for. */
  lastCall: string | undefined
  isDeleted: boolean
}

export const EMPTY: SessionLog = {
  first: 1,
  events: [],
  rows: [],
  calls: new Map(),
  tools: new Map(),
  bars: [],
  live: undefined,
  status: 'idle',
  stopReason: undefined,
  usage: undefined,
  budget: undefined,
  title: undefined,
  openCall: undefined,
  lastCall: undefined,
  isDeleted: false,
}

/** The tool calls that wait for somebody, oldest first. */
export function waiting(log: SessionLog): ToolCall[] {
  const { stopReason } = log
  if (log.status !== 'idle' || stopReason?.type !== 'requires_action') return []
  return stopReason.event_ids.flatMap((id) => log.tools.get(id) ?? [])
}

/** Where a stream goes on. */
export function cursor(log: SessionLog): string {
  return log.events.at(-1)?.id ?? 'start'
}

/** `seq` of the newest event that it holds. */
export function lastSeq(log: SessionLog): number {
  return log.first + log.events.length - 1
}

/** The key of the row that an event is shown in: a result is shown with its call. */
export function keyOf(event: SessionEvent): string {
  switch (event.type) {
    case 'user.tool_confirmation':
    case 'agent.tool_result':
      return event.tool_use_id
    case 'user.custom_tool_result':
      return event.custom_tool_use_id
    case 'span.model_request_end':
      return event.model_request_start_id
    default:
      return event.id
  }
}

/** All text of some content. */
export function textOf(content: readonly Content[]): string {
  return content.map((block) => ('text' in block ? block.text : `[${block.type}]`)).join('\n')
}
