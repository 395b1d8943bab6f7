import { Brain, CircleAlert, Cpu, Info, MessageSquareText, ScrollText, UserRound } from 'lucide-react'
import { memo, useMemo } from 'react'
import { Status } from '@/components/ui/status'
import { cx } from '@/lib/classes'
import { duration, money, tokens } from '@/lib/format'
import { useNow } from '@/lib/now'
import { citedIn, type Source } from '@/lib/session/citations'
import { type Content, type Live, type ModelCall, type Row, type SessionLog, textOf } from '@/lib/session/log'
import { fileName } from '../files'
import { noteOf } from '../words'
import { Line } from './Line'
import { Text } from './Text'
import { ToolRow } from './ToolRow'

interface RowProps {
  row: Row
  /** The part of the log that it is of. */
  log: SessionLog
  /** Whether that part ends where the log does: elsewhere, what is open ended in what is not shown. */
  isEnd: boolean
  sessionId: string
  isSelected: boolean
  onSelect: (key: string) => void
}

/** One line of the transcript. */
export const TranscriptRow = memo(
  function TranscriptRow({ row, log, isEnd, sessionId, isSelected, onSelect }: RowProps) {
    const shared = { isSelected, onSelect: () => onSelect(row.key) }
    switch (row.kind) {
      case 'message':
        return <MessageRow row={row} {...shared} />
      case 'model': {
        const call = log.calls.get(row.call)
        return call ? <ModelRow call={call} isEnd={isEnd} {...shared} /> : null
      }
      case 'tool': {
        const tool = log.tools.get(row.call)
        return tool ? <ToolRow tool={tool} isEnd={isEnd} sessionId={sessionId} {...shared} /> : null
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
    before.isEnd === after.isEnd &&
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
        <Blocks content={event.content} sources={'sources' in event ? event.sources : undefined} />
      </div>
      {isDropped && <p className="text-muted text-sm">Not used: the turn before it was called off.</p>}
    </Line>
  )
}

function Blocks({
  content,
  sources,
}: {
  content: readonly Content[]
  sources?: readonly Source[] | undefined
}) {
  const text = textOf(content.filter((block) => block.type === 'text'))
  const others = content.filter((block) => block.type !== 'text')
  return (
    <>
      {text && <Text text={text} sources={sources} />}
      {sources && <Sources text={text} sources={sources} />}
      {others.map((block, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks of an event never change
        <p key={n} className="text-muted text-sm">
          [{fileName(block)}]
        </p>
      ))}
    </>
  )
}

/** What the markers in a text stand for. */
function Sources({ text, sources }: { text: string; sources: readonly Source[] }) {
  const { sources: cited } = useMemo(() => citedIn(text, sources), [text, sources])
  if (cited.length === 0) return null
  return (
    <ol aria-label="Sources" className="mt-1.5 flex flex-wrap gap-x-4 gap-y-0.5 text-muted text-sm">
      {cited.map((source, place) => (
        <li key={source.document_id} className="flex min-w-0 gap-1.5">
          <span className="num text-accent">{place + 1}</span>
          <span className="min-w-0 truncate" title={source.name}>
            {source.name}
          </span>
        </li>
      ))}
    </ol>
  )
}

function ModelRow({ call, isEnd, ...shared }: { call: ModelCall; isEnd: boolean } & Shared) {
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
          isEnd && <Counting since={call.startedAt} />
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
            <li key={item.signal} className="num flex flex-wrap gap-x-3">
              <span className="font-mono text-xs leading-4.5">{item.signal}</span>
              <Status status={item.level} />
              <span className="text-muted">
                {item.current ?? '–'} against {item.baseline ?? '–'}
              </span>
              {item.detail && (
                <span className="min-w-0 text-muted [overflow-wrap:anywhere]">{item.detail}</span>
              )}
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
