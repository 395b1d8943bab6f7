import { Brain, CircleAlert, Cpu, Info, MessageSquareText, ScrollText, UserRound } from 'lucide-react'
import { memo } from 'react'
import { Status } from '@/components/ui/status'
import { cx } from '@/lib/classes'
import { duration, money, tokens } from '@/lib/format'
import { useNow } from '@/lib/now'
import { type Content, type Live, type ModelCall, type Row, type SessionLog, textOf } from '@/lib/session/log'
import { noteOf } from '../words'
import { Line } from './Line'
import { Text } from './Text'
import { ToolRow } from './ToolRow'

interface RowProps {
  row: Row
  log: SessionLog
  sessionId: string
  isSelected: boolean
  onSelect: (key: string) => void
}

/** One line of the transcript. */
export const TranscriptRow = memo(
  function TranscriptRow({ row, log, sessionId, isSelected, onSelect }: RowProps) {
    const shared = { isSelected, onSelect: () => onSelect(row.key) }
    switch (row.kind) {
      case 'message':
        return <MessageRow row={row} {...shared} />
      case 'model': {
        const call = log.calls.get(row.call)
        return call ? <ModelRow call={call} {...shared} /> : null
      }
      case 'tool': {
        const tool = log.tools.get(row.call)
        return tool ? <ToolRow tool={tool} sessionId={sessionId} {...shared} /> : null
      }
      case 'thinking':
        return (
          <Line at={row.event.processed_at} icon={Brain} {...shared}>
            <span className="text-muted">Thought</span>
          </Line>
        )
      case 'error':
        return (
          <Line at={row.event.processed_at} icon={CircleAlert} tone="bad" {...shared}>
            <span className="font-medium text-bad">{row.event.error.type.replaceAll('_', ' ')}</span>
            <p className="[overflow-wrap:anywhere]">{row.event.error.message}</p>
            <p className="text-muted text-sm">{RETRY[row.event.error.retry_status.type]}</p>
          </Line>
        )
      case 'note':
        return <NoteRow row={row} {...shared} />
    }
  },
  (before, after) =>
    before.row === after.row &&
    before.isSelected === after.isSelected &&
    before.log.calls.get(before.row.key) === after.log.calls.get(after.row.key) &&
    before.log.tools.get(before.row.key) === after.log.tools.get(after.row.key),
)

const RETRY = {
  retrying: 'It is tried again by itself.',
  exhausted: 'It was tried often enough: a message tries again.',
  terminal: 'Trying again would not help.',
}

interface Shared {
  isSelected: boolean
  onSelect: () => void
}

function MessageRow({ row, ...shared }: { row: Extract<Row, { kind: 'message' }> } & Shared) {
  const { event } = row
  const isUser = event.type === 'user.message'
  const icon = isUser ? UserRound : event.type === 'agent.message' ? MessageSquareText : ScrollText
  const isDropped = 'dropped' in event && event.dropped === true
  return (
    <Line at={event.processed_at} icon={icon} tone={isUser ? 'accent' : undefined} {...shared}>
      {event.type === 'system.message' && <p className="eyebrow">Instructions</p>}
      <div className={cx('max-w-3xl', isDropped && 'line-through opacity-60')}>
        <Blocks content={event.content} />
      </div>
      {isDropped && <p className="text-muted text-sm">Not used: the turn before it was called off.</p>}
    </Line>
  )
}

function Blocks({ content }: { content: readonly Content[] }) {
  const text = textOf(content.filter((block) => block.type === 'text'))
  const others = content.filter((block) => block.type !== 'text')
  return (
    <>
      {text && <Text text={text} />}
      {others.map((block, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks of an event never change
        <p key={n} className="text-muted text-sm">
          [{block.type === 'search_result' ? `found: ${block.title}` : block.type}]
        </p>
      ))}
    </>
  )
}

function ModelRow({ call, ...shared }: { call: ModelCall } & Shared) {
  return (
    <Line
      at={call.startedAt}
      icon={Cpu}
      tone={call.isError ? 'bad' : undefined}
      className="border-t"
      {...shared}
    >
      <div className="flex flex-wrap items-center gap-x-3 text-faint text-sm">
        <span className="font-mono text-muted text-xs">{call.model}</span>
        {call.isError && <Status status="failed" />}
        {call.usage && (
          <span className="num" title="tokens in, out">
            {tokens(call.usage.input_tokens + call.usage.cache_read_input_tokens)} in ·{' '}
            {tokens(call.usage.output_tokens)} out
          </span>
        )}
        {call.cost && <span className="num">{money(call.cost)}</span>}
        {call.endedAt ? (
          <span className="num">{duration(Date.parse(call.endedAt) - Date.parse(call.startedAt))}</span>
        ) : (
          <Counting since={call.startedAt} />
        )}
      </div>
    </Line>
  )
}

function Counting({ since }: { since: string }) {
  const now = useNow()
  return <span className="num text-busy">{duration(now - Date.parse(since))}</span>
}

function NoteRow({ row, ...shared }: { row: Extract<Row, { kind: 'note' }> } & Shared) {
  const [title, text] = noteOf(row.event)
  const { event } = row
  const isGrave = event.type === 'monitor.update' && ['high', 'critical'].includes(event.level)
  return (
    <Line at={event.processed_at} icon={Info} tone={isGrave ? 'bad' : undefined} {...shared}>
      <span className="text-muted">{title}</span>
      {text && <p className="max-w-3xl whitespace-pre-wrap [overflow-wrap:anywhere]">{text}</p>}
      {event.type === 'monitor.update' && event.evidence.length > 0 && (
        <ul className="mt-1 text-sm">
          {event.evidence.map((item) => (
            <li key={item.signal} className="num flex gap-3">
              <span className="font-mono text-xs leading-4.5">{item.signal}</span>
              <Status status={item.level} />
              <span className="text-muted">
                {item.current ?? '–'} against {item.baseline ?? '–'}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Line>
  )
}

/** Text in the making. */
export function LiveRow({ live }: { live: Live }) {
  const isThinking = live.kind === 'thinking'
  return (
    <Line icon={isThinking ? Brain : MessageSquareText} isSelected={false} onSelect={() => {}}>
      {isThinking || live.text === '' ? (
        <span className="animate-breathe text-muted">{isThinking ? 'Thinking…' : 'Writing…'}</span>
      ) : (
        <div className="max-w-3xl">
          <Text text={live.text} />
        </div>
      )}
    </Line>
  )
}
