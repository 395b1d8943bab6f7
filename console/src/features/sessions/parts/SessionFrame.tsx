import { useEffect, useState } from 'react'
import { ErrorState, Skeleton } from '@/components/ui/states'
import type { Schemas } from '@/lib/api/client'
import { cx } from '@/lib/classes'
import { plural } from '@/lib/format'
import { useSession } from '../actions'
import { type Followed, useFollowed } from '../live'
import { Composer } from './Composer'
import { Inspector, rowOf } from './Inspector'
import { Overview } from './Overview'
import { Divider, usePaneWidth } from './Panes'
import { SessionHeader } from './SessionHeader'
import { Transcript } from './Transcript'

interface SessionFrameProps {
  sessionId: string
  /** The event that the address names. */
  event?: string | undefined
  /** Beside the list it can be closed. */
  onClose?: (() => void) | undefined
}

/** A session: overview, transcript, composer, and the inspector beside them. */
export function SessionFrame({ sessionId, ...rest }: SessionFrameProps) {
  const session = useSession(sessionId)
  if (session.error) {
    return (
      <ErrorState
        error={session.error}
        what="The session could not be shown"
        onRetry={() => void session.refetch()}
      />
    )
  }
  if (!session.data) return <Skeleton rows={8} className="pt-4" />
  return <Live key={session.data.id} session={session.data} {...rest} />
}

function Live({
  session,
  event,
  onClose,
}: { session: Schemas['SessionView'] } & Omit<SessionFrameProps, 'sessionId'>) {
  const followed = useFollowed(session.id, session.last_seq)
  const { log } = followed
  const pane = usePaneWidth('inspector', 360, 280, 640)
  const [selected, setSelected] = useState<string | undefined>(event)
  const [target, setTarget] = useState<{ row: number } | undefined>()
  const [tab, setTab] = useState<'transcript' | 'inspector'>('transcript')
  usePermalink(event, log, setTarget)
  const jump = (row: number) => {
    setTarget({ row })
    setSelected(log.rows[row]?.key)
  }
  const select = (key: string | undefined) => {
    setSelected(key)
    if (key !== undefined) setTab('inspector')
  }
  const isLoading = log.events.length < session.last_seq
  return (
    <div className="flex h-full min-h-0 flex-col">
      <SessionHeader
        session={session}
        followed={followed}
        selected={selected}
        onJump={jump}
        onClose={onClose}
      />
      <PaneTabs tab={tab} onChange={setTab} />
      <div className="flex min-h-0 grow">
        <div className={cx('flex min-h-0 min-w-0 grow flex-col', tab !== 'transcript' && 'max-lg:hidden')}>
          <Overview log={log} onJump={jump} />
          {isLoading && <Loading followed={followed} of={session.last_seq} />}
          <Transcript
            log={log}
            sessionId={session.id}
            selected={selected}
            onSelect={select}
            target={target}
          />
          <Composer
            log={log}
            sessionId={session.id}
            isClosed={log.status === 'terminated' || log.isDeleted || Boolean(session.archived_at)}
          />
        </div>
        <Divider pane={pane} side="right" label="Width of the inspector" />
        <aside
          aria-label="Inspector"
          style={{ '--pane': `${pane.width}px` } as React.CSSProperties}
          className={cx(
            'min-h-0 overflow-y-auto max-lg:grow lg:w-(--pane) lg:shrink-0',
            tab !== 'inspector' && 'max-lg:hidden',
          )}
        >
          <Inspector log={log} session={session} selected={selected} onSelect={setSelected} />
        </aside>
      </div>
    </div>
  )
}

/** Brings the event that the address names into view, once, when it is there. */
function usePermalink(
  event: string | undefined,
  log: Followed['log'],
  setTarget: (target: { row: number }) => void,
) {
  const [isDone, setDone] = useState(event === undefined)
  useEffect(() => {
    if (isDone || event === undefined) return
    const row = rowOf(log.rows, event)
    if (row < 0) return
    setDone(true)
    setTarget({ row })
  }, [isDone, event, log.rows, setTarget])
}

function Loading({ followed, of }: { followed: Followed; of: number }) {
  const { log, connection } = followed
  if (connection.state === 'failed') {
    return <ErrorState error={connection.error} what="The session’s events could not be read" />
  }
  return (
    <p role="status" className="animate-late px-4 py-1 text-faint text-sm sm:px-6">
      {plural(log.events.length, 'event')} of {of} read
    </p>
  )
}

function PaneTabs({ tab, onChange }: { tab: string; onChange: (tab: 'transcript' | 'inspector') => void }) {
  return (
    <div
      role="tablist"
      aria-label="Parts of the session"
      className="flex shrink-0 gap-5 border-b px-4 lg:hidden"
    >
      {(['transcript', 'inspector'] as const).map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={tab === name}
          onClick={() => onChange(name)}
          className="-mb-px h-9 border-transparent border-b-2 text-muted capitalize aria-selected:border-accent aria-selected:font-medium aria-selected:text-ink"
        >
          {name}
        </button>
      ))}
    </div>
  )
}
