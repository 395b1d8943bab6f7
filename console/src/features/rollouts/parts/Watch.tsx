import { ChevronRight, Send } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Textarea } from '@/components/ui/field'
import { Markdown } from '@/components/ui/markdown'
import { Badge, lookOf, Status } from '@/components/ui/status'
import { Time } from '@/components/ui/time'
import { toastError } from '@/components/ui/toast'
import { useMay } from '@/lib/api/login'
import { cx } from '@/lib/classes'
import { plural, words } from '@/lib/format'
import { type MonitorEnded, type MonitorEvent, type MonitorUpdate, textOf, timeOf } from '../events'
import { useTalk } from '../queries'
import { comparedWith, measured } from '../series'

/** What is shown at once; the rest is a click away. */
const SHOWN = 12

/** What the monitor says, newest first, between what people and the model say; and a word to it. */
export function Watch({
  events,
  end,
  sessionId,
}: {
  events: readonly MonitorEvent[]
  end: MonitorEnded | undefined
  sessionId: string
}) {
  const [isWhole, setIsWhole] = useState(false)
  const told = events.filter(isTold).toReversed()
  const shown = isWhole ? told : told.slice(0, SHOWN)
  return (
    <div className="flex flex-col">
      {end && <End end={end} />}
      <Talk sessionId={sessionId} />
      <ol>
        {shown.map((event) => (
          <li key={event.id} className="border-t px-4 py-2.5 sm:px-6">
            <Entry event={event} />
          </li>
        ))}
      </ol>
      {told.length > shown.length && (
        <Button look="quiet" className="m-2 self-center" onClick={() => setIsWhole(true)}>
          Show {told.length - shown.length} earlier
        </Button>
      )}
    </div>
  )
}

const TOLD = new Set(['monitor.update', 'agent.message', 'user.message'])

function isTold(event: MonitorEvent): boolean {
  return TOLD.has(event.type)
}

function End({ end }: { end: MonitorEnded }) {
  const outcome = end.outcome ?? end.end
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t bg-sunken px-4 py-3 sm:px-6">
      <Status status={outcome} className="font-medium" />
      <span className="text-muted text-sm">
        The watch ended after {plural(end.checks, 'look')}. {end.summary}
      </span>
    </div>
  )
}

function Entry({ event }: { event: MonitorEvent }) {
  if (event.type === 'monitor.update') return <Look look={event} />
  if (event.type !== 'agent.message' && event.type !== 'user.message') return null
  const at = timeOf(event)
  return (
    <div>
      <div className="flex items-center gap-2 pb-1 text-sm">
        <Badge tone={event.type === 'agent.message' ? 'busy' : 'calm'}>
          {event.type === 'agent.message' ? 'model' : 'said to it'}
        </Badge>
        <span className="ml-auto text-faint">{at ? <Time at={at} /> : 'queued'}</span>
      </div>
      <Clamped text={textOf(event.content)} />
    </div>
  )
}

const LONG = 900

/** What a report quotes can be long. */
function Clamped({ text }: { text: string }) {
  const [isWhole, setIsWhole] = useState(false)
  const isLong = text.length > LONG
  return (
    <>
      <Markdown text={isLong && !isWhole ? `${text.slice(0, LONG)}…` : text} />
      {isLong && !isWhole && (
        <button
          type="button"
          onClick={() => setIsWhole(true)}
          className="mt-1 text-accent text-sm hover:underline"
        >
          Show all
        </button>
      )}
    </>
  )
}

function Look({ look }: { look: MonitorUpdate }) {
  const isBad = lookOf(look.level)[0] === 'bad'
  const [isOpen, setIsOpen] = useState(isBad)
  const at = timeOf(look)
  return (
    <div>
      <button
        type="button"
        aria-expanded={isOpen}
        disabled={look.evidence.length === 0}
        onClick={() => setIsOpen(!isOpen)}
        className="flex w-full items-start gap-2 text-left disabled:cursor-default"
      >
        <ChevronRight
          aria-hidden
          className={cx(
            'mt-0.5 size-3.5 shrink-0 text-faint transition-transform',
            isOpen && 'rotate-90',
            look.evidence.length === 0 && 'invisible',
          )}
        />
        <Status status={look.level} className="w-20 shrink-0 text-sm" />
        <span className="wrap-anywhere min-w-0 grow">
          {look.summary}
          {look.rose_from && <span className="text-faint"> (was {words(look.rose_from)})</span>}
        </span>
        <span className="num shrink-0 text-faint text-sm">#{look.check}</span>
        <span className="shrink-0 text-faint text-sm">{at && <Time at={at} />}</span>
      </button>
      {isOpen && look.evidence.length > 0 && <Evidence look={look} />}
    </div>
  )
}

function Evidence({ look }: { look: MonitorUpdate }) {
  return (
    <table className="mt-2 ml-5 w-[calc(100%-1.25rem)] text-sm">
      <thead>
        <tr className="eyebrow text-left">
          <th className="py-1 pr-3 font-medium">Signal</th>
          <th className="py-1 pr-3 font-medium">Level</th>
          <th className="py-1 pr-3 text-right font-medium">Now</th>
          <th className="py-1 pr-3 text-right font-medium">Before</th>
          <th className="py-1 text-right font-medium">Change</th>
        </tr>
      </thead>
      <tbody>
        {look.evidence.map((evidence) => {
          const { current = null, baseline = null } = evidence
          return (
            <tr key={evidence.signal} className="border-t align-top">
              <td className="wrap-anywhere py-1 pr-3">
                {evidence.signal}
                {evidence.detail && <div className="text-faint text-xs">{evidence.detail}</div>}
              </td>
              <td className="py-1 pr-3">
                <Status status={evidence.level} />
              </td>
              <td className="num py-1 pr-3 text-right">{current === null ? '–' : measured(current)}</td>
              <td className="num py-1 pr-3 text-right">{baseline === null ? '–' : measured(baseline)}</td>
              <td className="num py-1 text-right text-muted">{comparedWith(current, baseline) ?? '–'}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

function Talk({ sessionId }: { sessionId: string }) {
  const [text, setText] = useState('')
  const talk = useTalk(sessionId)
  const isAllowed = useMay('member')
  if (!isAllowed) return null
  const send = (event?: FormEvent) => {
    event?.preventDefault()
    if (text.trim() === '' || talk.isPending) return
    talk.mutate(text.trim(), { onSuccess: () => setText(''), onError: toastError('Not sent') })
  }
  return (
    <form onSubmit={send} className="flex items-end gap-2 border-t px-4 py-3 sm:px-6">
      <Textarea
        aria-label="Ask the monitor"
        placeholder="Ask the agent that watches: what changed, what is likely, what to do?"
        rows={1}
        className="min-h-8"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault()
            send()
          }
        }}
      />
      <Button type="submit" busy={talk.isPending} disabled={text.trim() === ''}>
        <Send aria-hidden className="size-4" />
        Send
      </Button>
    </form>
  )
}
