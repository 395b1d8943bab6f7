import { CircleStop } from 'lucide-react'
import { type MouseEvent, memo } from 'react'
import { IconButton } from '@/components/ui/button'
import { StatusIcon } from '@/components/ui/status'
import { Elapsed, Time } from '@/components/ui/time'
import { cx } from '@/lib/classes'
import { count, duration, money, tokens } from '@/lib/format'
import { plain } from '@/lib/plain'
import { interrupt, useSend } from '../actions'
import { type SessionRow, stateOf } from '../rows'
import { QuickDecide } from './QuickDecide'

interface ItemProps {
  session: SessionRow
  begunBy: string
  /** Whether the person may stop it and decide what it waits for. */
  mayAct: boolean
  isChosen: boolean
  isCurrent: boolean
  onChoose: (id: string) => void
}

const WORDS = { waiting: 'needs you', running: 'running', idle: 'idle', ended: 'ended' }
const LOOKS = { waiting: 'waiting', running: 'running', idle: 'idle', ended: 'terminated' }

/** One session: what it is, how it stands, and what it said last; with room, its numbers too. */
export const SessionItem = memo(function SessionItem({
  session,
  begunBy,
  mayAct,
  isChosen,
  isCurrent,
  onChoose,
}: ItemProps) {
  const state = stateOf(session)
  // Its program is to answer, not a person, who still may.
  const asksItsClient =
    state === 'running' && session.status === 'idle' && session.stop_reason?.type === 'requires_action'
  const { usage } = session
  const spent = usage.input_tokens + usage.output_tokens + usage.cache_read_input_tokens
  const click = (event: MouseEvent) => {
    if (event.target instanceof Element && event.target.closest('button, a, [role="dialog"]')) return
    onChoose(session.id)
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: its title is a button, and `o` opens it
    // biome-ignore lint/a11y/noStaticElementInteractions: as above
    <div
      onClick={click}
      className={cx(
        'flex h-14 cursor-pointer items-center gap-3 border-b px-4 sm:px-6',
        isChosen ? 'bg-selected' : 'hover:bg-hover',
        isCurrent && !isChosen && 'bg-hover',
      )}
    >
      <StatusIcon
        status={asksItsClient ? 'waiting' : LOOKS[state]}
        word={WORDS[state]}
        className="mt-2.5 self-start"
      />
      <div className="min-w-0 grow">
        <div className="flex items-center gap-2">
          <button
            type="button"
            onClick={() => onChoose(session.id)}
            className="min-w-0 truncate font-medium text-left"
          >
            {session.title || session.agent.name}
          </button>
          <Time at={session.updated_at} className="ml-auto shrink-0 text-faint text-xs @3xl:hidden" />
        </div>
        <p className="truncate text-muted text-sm">
          <span className="text-faint">{session.agent.name}</span>
          {asksItsClient && <span className="text-warn"> · waits for its client</span>}
          {session.last_line && (
            <>
              <span className="text-faint"> · </span>
              {session.last_line.by === 'user' && <span className="text-faint">you: </span>}
              {plain(session.last_line.text)}
            </>
          )}
        </p>
      </div>
      {mayAct && state === 'running' && <Stop sessionId={session.id} />}
      {mayAct && state === 'waiting' && <QuickDecide sessionId={session.id} label="Decide" />}
      {mayAct && asksItsClient && <QuickDecide sessionId={session.id} label="Answer" />}
      <dl className="num ml-1 hidden shrink-0 items-center text-right text-sm @3xl:flex *:w-22">
        <Cell name="Begun by">{begunBy}</Cell>
        <Cell name="Model calls">{session.steps === undefined ? '–' : count(session.steps)}</Cell>
        <Cell name="Tokens" title={count(spent)}>
          {tokens(spent)}
        </Cell>
        <Cell name="Cost">{money(usage.list_cost)}</Cell>
        <Cell name="Worked">
          {state === 'running' ? (
            <Elapsed since={session.updated_at} />
          ) : (
            duration(usage.active_seconds * 1000)
          )}
        </Cell>
        <Cell name="Last activity">
          <Time at={session.updated_at} />
        </Cell>
      </dl>
    </div>
  )
})

function Cell({ name, title, children }: { name: string; title?: string; children: React.ReactNode }) {
  return (
    <div title={title ?? name} className="truncate text-muted">
      <dt className="sr-only">{name}</dt>
      <dd className="inline">{children}</dd>
    </div>
  )
}

function Stop({ sessionId }: { sessionId: string }) {
  const send = useSend(sessionId)
  return (
    <IconButton
      label="Interrupt"
      size="sm"
      disabled={send.isPending}
      onClick={() => send.mutate([interrupt])}
    >
      <CircleStop />
    </IconButton>
  )
}
