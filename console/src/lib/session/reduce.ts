import {
  type Bar,
  EMPTY,
  type EventOf,
  type Live,
  type ModelCall,
  type Row,
  type SessionEvent,
  type SessionLog,
  type ToolCall,
} from './log'

/** A piece of a stream: an event of the log, or what tells of one in the making. */
export type Piece =
  | { type: 'stored'; event: SessionEvent }
  | { type: 'start'; id: string; kind: Live['kind'] }
  | { type: 'delta'; id: string; text: string; offset: number; end: number }

/** A log in the making of the next one: its own copies, so that nobody sees them change. */
interface Draft extends Omit<SessionLog, 'events' | 'rows' | 'calls' | 'tools' | 'bars'> {
  events: SessionEvent[]
  rows: Row[]
  calls: Map<string, ModelCall>
  tools: Map<string, ToolCall>
  bars: Bar[]
}

/**
 * What a session is after some more of its stream. It gives the same for the same events in
 * whatever pieces they come, and passes over what it has already.
 */
export function reduce(log: SessionLog, pieces: readonly Piece[]): SessionLog {
  if (pieces.every((piece) => piece.type !== 'stored'))
    return { ...log, live: pieces.reduce(preview, log.live) }
  const draft: Draft = {
    ...log,
    events: [...log.events],
    rows: [...log.rows],
    calls: new Map(log.calls),
    tools: new Map(log.tools),
    bars: [...log.bars],
  }
  for (const piece of pieces) {
    if (piece.type === 'stored') store(draft, piece.event)
    else draft.live = preview(draft.live, piece)
  }
  return draft
}

/** What a log is with these events behind it; it passes over those that it has. */
export function append(log: SessionLog, events: readonly SessionEvent[]): SessionLog {
  return reduce(
    log,
    events.map((event) => ({ type: 'stored', event })),
  )
}

/** The log of these events, which may begin anywhere. */
export function replay(events: readonly SessionEvent[]): SessionLog {
  return append({ ...EMPTY, first: events[0]?.seq ?? 1 }, events)
}

function preview(live: Live | undefined, piece: Piece): Live | undefined {
  if (piece.type === 'start') {
    // A reader who returns is told of the start again.
    return live?.id === piece.id ? live : { id: piece.id, kind: piece.kind, text: '', end: 0 }
  }
  if (piece.type !== 'delta') return live
  const known = live?.id === piece.id ? live : { id: piece.id, kind: 'message' as const, text: '', end: 0 }
  if (piece.end <= known.end) return known
  if (piece.offset === known.end) return { ...known, text: known.text + piece.text, end: piece.end }
  if (piece.offset === 0) return { ...known, text: piece.text, end: piece.end }
  const bytes = new TextEncoder().encode(piece.text)
  const rest = new TextDecoder().decode(bytes.slice(Math.max(0, known.end - piece.offset)))
  return { ...known, text: known.text + rest, end: piece.end }
}

function store(draft: Draft, event: SessionEvent) {
  if (event.type === 'session.deleted') draft.isDeleted = true
  const { seq } = event
  if (seq === null || seq === undefined || seq !== draft.first + draft.events.length) return
  draft.events.push(event)
  if (draft.live?.id === event.id) draft.live = undefined
  const tell = TELL[event.type] as ((draft: Draft, event: SessionEvent) => void) | undefined
  if (tell) tell(draft, event)
  else row(draft, { kind: 'note', key: event.id, event })
}

type Tellers = { [T in SessionEvent['type']]?: (draft: Draft, event: EventOf<T>) => void }

/** What each event changes. An event that is not here is a note in the transcript. */
const TELL: Tellers = {
  'user.message': (draft, event) => row(draft, { kind: 'message', key: event.id, event }),
  'agent.message': (draft, event) => row(draft, { kind: 'message', key: event.id, event }),
  'system.message': (draft, event) => row(draft, { kind: 'message', key: event.id, event }),
  'agent.thinking': (draft, event) => row(draft, { kind: 'thinking', key: event.id, event }),
  'agent.tool_use': (draft, event) => {
    const asked = event.evaluated_permission === 'ask'
    askTool(draft, event, { effect: event.effect, isCustom: false, asked })
  },
  'agent.custom_tool_use': (draft, event) => {
    askTool(draft, event, { effect: undefined, isCustom: true, asked: false })
  },
  'user.tool_confirmation': decide,
  'agent.tool_result': (draft, event) => answer(draft, event.tool_use_id, event),
  'user.custom_tool_result': (draft, event) => answer(draft, event.custom_tool_use_id, event),
  'span.model_request_start': startCall,
  'span.model_request_end': endCall,
  'session.status_running': (draft, event) => {
    draft.status = 'running'
    draft.stopReason = undefined
    close(draft, ['person', 'retry'], event)
  },
  'session.status_rescheduled': (draft, event) => {
    draft.status = 'rescheduling'
    close(draft, ['model', 'tool'], event)
    bar(draft, 'retry', event, 'warn')
    row(draft, { kind: 'note', key: event.id, event })
  },
  'session.status_idle': rest,
  'session.status_terminated': (draft, event) => {
    draft.status = 'terminated'
    draft.live = undefined
    close(draft, ['model', 'tool', 'person', 'retry'], event)
    row(draft, { kind: 'note', key: event.id, event })
  },
  'session.error': (draft, event) => row(draft, { kind: 'error', key: event.id, event }),
  'session.updated': (draft, event) => {
    if (event.title !== undefined) draft.title = event.title ?? undefined
    if (event.budget !== undefined) draft.budget = event.budget ?? undefined
    row(draft, { kind: 'note', key: event.id, event })
  },
  'session.usage': (draft, event) => {
    draft.usage = event.usage
    draft.budget = event.budget ?? undefined
  },
}

function row(draft: Draft, added: Row) {
  draft.rows.push(added)
}

function at(event: SessionEvent): string {
  return event.processed_at ?? ''
}

function moment(event: SessionEvent): number {
  return Date.parse(at(event))
}

function bar(draft: Draft, lane: Bar['lane'], event: SessionEvent, tone: Bar['tone'], row = event.id) {
  draft.bars.push({ lane, from: moment(event), to: undefined, row, tone })
}

/** Ends the open bars of some lanes, the newest ones: older ones are closed. */
function close(draft: Draft, lanes: readonly Bar['lane'][], event: SessionEvent) {
  for (let index = draft.bars.length - 1; index >= 0 && index >= draft.bars.length - 64; index--) {
    const open = draft.bars[index]
    if (open && open.to === undefined && lanes.includes(open.lane))
      draft.bars[index] = { ...open, to: moment(event) }
  }
}

function startCall(draft: Draft, event: EventOf<'span.model_request_start'>) {
  close(draft, ['retry', 'person'], event)
  draft.openCall = event.id
  draft.lastCall = event.id
  draft.calls.set(event.id, {
    id: event.id,
    model: event.model,
    startedAt: at(event),
    endedAt: undefined,
    usage: undefined,
    cost: undefined,
    isError: false,
    tools: [],
  })
  bar(draft, 'model', event, 'busy')
  row(draft, { kind: 'model', key: event.id, call: event.id })
}

function endCall(draft: Draft, event: EventOf<'span.model_request_end'>) {
  const id = event.model_request_start_id
  const call = draft.calls.get(id)
  if (draft.openCall === id) draft.openCall = undefined
  if (event.is_error) draft.live = undefined
  if (!call) return
  const cost = event.list_cost ?? undefined
  draft.calls.set(id, {
    ...call,
    endedAt: at(event),
    usage: event.model_usage,
    cost,
    isError: event.is_error,
  })
  const index = draft.bars.findLastIndex((bar) => bar.lane === 'model' && bar.to === undefined)
  const open = draft.bars[index]
  if (open) draft.bars[index] = { ...open, to: moment(event), tone: event.is_error ? 'bad' : 'busy' }
}

function askTool(
  draft: Draft,
  event: EventOf<'agent.tool_use' | 'agent.custom_tool_use'>,
  about: Pick<ToolCall, 'effect' | 'isCustom' | 'asked'>,
) {
  draft.tools.set(event.id, {
    id: event.id,
    name: event.name,
    input: event.input,
    ...about,
    askedAt: at(event),
    decision: undefined,
    result: undefined,
    isError: false,
    endedAt: undefined,
    need: undefined,
  })
  const { lastCall } = draft
  const call = lastCall === undefined ? undefined : draft.calls.get(lastCall)
  if (call) draft.calls.set(call.id, { ...call, tools: [...call.tools, event.id] })
  bar(draft, 'tool', event, 'good')
  row(draft, { kind: 'tool', key: event.id, call: event.id })
}

function decide(draft: Draft, event: EventOf<'user.tool_confirmation'>) {
  const tool = draft.tools.get(event.tool_use_id)
  if (!tool) return
  const decision = { result: event.result, message: event.deny_message ?? undefined, at: at(event) }
  draft.tools.set(tool.id, { ...tool, decision, need: undefined })
  // Its bar ended where it began to wait; it works from here on.
  if (event.result !== 'deny') bar(draft, 'tool', event, 'good', tool.id)
}

function answer(draft: Draft, id: string, event: EventOf<'agent.tool_result' | 'user.custom_tool_result'>) {
  const tool = draft.tools.get(id)
  if (!tool) return
  const { content, is_error: isError } = event
  draft.tools.set(id, { ...tool, result: content, isError, endedAt: at(event), need: undefined })
  const open = draft.bars.findLastIndex((bar) => bar.lane === 'tool' && bar.row === id)
  const bar = draft.bars[open]
  const to = bar?.to ?? moment(event)
  if (bar) draft.bars[open] = { ...bar, to, tone: isError ? 'bad' : 'good' }
}

function rest(draft: Draft, event: EventOf<'session.status_idle'>) {
  const { stop_reason: reason } = event
  draft.status = 'idle'
  draft.stopReason = reason
  draft.live = undefined
  close(draft, ['model', 'retry'], event)
  if (reason.type === 'end_turn') return close(draft, ['tool'], event)
  if (reason.type !== 'requires_action') {
    close(draft, ['tool'], event)
    row(draft, { kind: 'note', key: event.id, event })
    return
  }
  close(draft, ['tool'], event)
  const known = reason.event_ids.flatMap((id) => draft.tools.get(id) ?? [])
  for (const tool of known) draft.tools.set(tool.id, { ...tool, need: needOf(tool) })
  bar(draft, 'person', event, 'warn', known[0]?.id ?? draft.rows.at(-1)?.key)
}

function needOf(tool: ToolCall): ToolCall['need'] {
  if (tool.isCustom) return 'client_result'
  return tool.asked && tool.decision === undefined ? 'approval' : 'resolution'
}
