import { X } from 'lucide-react'
import { useMemo } from 'react'
import { Button, IconButton } from '@/components/ui/button'
import { CopyableId, CopyButton, useCopy } from '@/components/ui/copy'
import { Status } from '@/components/ui/status'
import { Time } from '@/components/ui/time'
import type { Schemas } from '@/lib/api/client'
import { curl } from '@/lib/curl'
import { count, duration, money } from '@/lib/format'
import { type Held, totalsOf } from '@/lib/session/held'
import { keyOf, lastSeq, type SessionEvent } from '@/lib/session/log'
import type { Followed } from '../live'
import { Budget } from './Budget'
import { Files } from './Files'
import { Json } from './Json'

interface InspectorProps {
  followed: Followed
  session: Schemas['SessionView']
  selected: string | undefined
  onSelect: (key: string | undefined) => void
}

/** What a line of the transcript is made of; of the whole session, while none is chosen. */
export function Inspector({ followed, session, selected, onSelect }: InspectorProps) {
  const { parts } = followed.held
  const events = useMemo(() => eventsOf(parts, selected), [parts, selected])
  if (events.length === 0) return <About session={session} followed={followed} />
  return (
    <div className="flex flex-col">
      <header className="flex h-10 shrink-0 items-center gap-2 border-b pr-2 pl-4">
        <h2 className="grow font-semibold">{events.length === 1 ? 'Event' : `${events.length} events`}</h2>
        <IconButton label="Close the inspector" size="sm" onClick={() => onSelect(undefined)}>
          <X />
        </IconButton>
      </header>
      {events.map((event) => (
        <RawEvent key={event.id} event={event} sessionId={session.id} />
      ))}
    </div>
  )
}

/** The row's own event, and of a call its end, decision and result. */
function eventsOf(parts: Held['parts'], key: string | undefined): SessionEvent[] {
  if (key === undefined) return []
  const part = parts.find(({ rows }) => rows.some((row) => row.key === key))
  return part?.events.filter((event) => event.id === key || keyOf(event) === key) ?? []
}

function RawEvent({ event, sessionId }: { event: SessionEvent; sessionId: string }) {
  const link = `${location.origin}/sessions/${sessionId}?event=${event.id}`
  const line = curl('GET', `/v1/sessions/${sessionId}/events/${event.id}`)
  return (
    <section className="flex flex-col gap-3 border-b px-4 py-3">
      <h3 className="font-medium font-mono text-sm">{event.type}</h3>
      <dl className="grid grid-cols-[5rem_1fr] gap-y-1 text-sm">
        <Fact name="Id">
          <CopyableId id={event.id} className="-ml-1" />
        </Fact>
        <Fact name="Place">
          <span className="num">{event.seq}</span>
        </Fact>
        {event.processed_at && (
          <Fact name="Time">
            <Time at={event.processed_at} />
          </Fact>
        )}
        {event.run_id && (
          <Fact name="Run">
            <CopyableId id={event.run_id} className="-ml-1" />
          </Fact>
        )}
      </dl>
      <Json value={event} label="Event" />
      <div className="flex gap-2">
        <CopyText text={line}>Copy as curl</CopyText>
        <CopyText text={link}>Copy link</CopyText>
      </div>
    </section>
  )
}

function CopyText({ text, children }: { text: string; children: string }) {
  const [copied, start] = useCopy()
  return (
    <Button size="sm" onClick={() => start(text)}>
      {copied ? 'Copied' : children}
    </Button>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 [overflow-wrap:anywhere]">{children}</dd>
    </>
  )
}

/** The session itself. */
function About({ session, followed }: { session: Schemas['SessionView']; followed: Followed }) {
  const { held, log, overview } = followed
  const totals = useMemo(() => totalsOf(held, overview), [held, overview])
  const atLeast = totals.isWhole ? '' : 'at least '
  const usage = log.usage ?? session.usage
  const metadata = Object.entries(session.metadata ?? {})
  return (
    <div className="flex flex-col">
      <header className="flex h-10 shrink-0 items-center gap-2 border-b pr-2 pl-4">
        <h2 className="grow font-semibold">Session</h2>
        <CopyButton text={curl('GET', `/v1/sessions/${session.id}`)} label="Copy as curl" />
      </header>
      <section className="border-b px-4 py-3">
        <dl className="grid grid-cols-[6.5rem_1fr] gap-y-1.5 text-sm">
          <Fact name="Id">
            <CopyableId id={session.id} className="-ml-1" />
          </Fact>
          <Fact name="State">
            <Status status={log.status} />
          </Fact>
          <Fact name="Agent">
            {session.agent.name} <span className="text-muted">version {session.agent.version}</span>
          </Fact>
          <Fact name="Model">
            <span className="font-mono text-xs">{session.agent.model.id}</span>
          </Fact>
          <Fact name="Made">
            <Time at={session.created_at} />
          </Fact>
          <Fact name="Worked">
            <span className="num">{duration(usage.active_seconds * 1000)}</span>
          </Fact>
          <Fact name="Model calls">
            <span className="num">
              {atLeast}
              {count(totals.modelCalls)}
            </span>
          </Fact>
          <Fact name="Tool calls">
            <span className="num">
              {atLeast}
              {count(totals.toolCalls)}
            </span>
          </Fact>
          <Fact name="Tokens">
            <span className="num">
              {count(usage.input_tokens)} in, {count(usage.output_tokens)} out
              {usage.cache_read_input_tokens > 0 && `, ${count(usage.cache_read_input_tokens)} cached`}
            </span>
          </Fact>
          <Fact name="Cost">
            <span className="num">{money(usage.list_cost)}</span>
          </Fact>
          <Fact name="Events">
            <span className="num">{count(lastSeq(log))}</span>
          </Fact>
        </dl>
      </section>
      <Budget log={log} session={session} totals={totals} />
      <Files held={held} session={session} />
      {metadata.length > 0 && (
        <section className="px-4 py-3">
          <h3 className="eyebrow pb-1.5">Metadata</h3>
          <dl className="grid grid-cols-[6.5rem_1fr] gap-y-1 text-sm">
            {metadata.map(([name, value]) => (
              <Fact key={name} name={name}>
                {String(value)}
              </Fact>
            ))}
          </dl>
        </section>
      )}
      {session.agent.system && (
        <section className="px-4 py-3">
          <h3 className="eyebrow pb-1.5">Instructions</h3>
          <Json value={session.agent.system} label="Instructions" />
        </section>
      )}
    </div>
  )
}
