import { useCallback, useEffect, useRef, useState } from 'react'
import { Loaded } from '@/components/ui/loaded'
import { ErrorState, Skeleton } from '@/components/ui/states'
import { toastError } from '@/components/ui/toast'
import type { Schemas } from '@/lib/api/client'
import { cx } from '@/lib/classes'
import { holds, rowAt, rowOf } from '@/lib/session/held'
import { keyOf } from '@/lib/session/log'
import { tryNow } from '@/lib/stream/follow'
import { useSession } from '../actions'
import { type Followed, type FollowedStore, useFollowed } from '../live'
import { readEvent } from '../reading'
import { Composer } from './Composer'
import { Inspector } from './Inspector'
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
  return (
    <Loaded query={session} what="The session could not be shown" rows={8} className="pt-4">
      {(known) => <Live key={known.id} session={known} {...rest} />}
    </Loaded>
  )
}

function Live({
  session,
  event,
  onClose,
}: { session: Schemas['SessionView'] } & Omit<SessionFrameProps, 'sessionId'>) {
  const [followed, store] = useFollowed(session)
  const { held, log, overview, isOpen } = followed
  const pane = usePaneWidth('inspector', 360, 280, 640)
  const [selected, setSelected] = useState<string | undefined>(event)
  const [target, setTarget] = useState<{ row: string } | undefined>()
  const [tab, setTab] = useState<'transcript' | 'inspector'>('transcript')
  const jump = useCallback((row: string) => {
    setTarget({ row })
    setSelected(row)
  }, [])
  const seek = useSeek(store, jump)
  usePermalink(session.id, event, followed, seek)
  const select = (key: string | undefined) => {
    setSelected(key)
    if (key !== undefined) setTab('inspector')
  }
  return (
    <div className="flex h-full min-h-0 flex-col">
      <SessionHeader
        session={session}
        followed={followed}
        selected={selected}
        onSeek={seek}
        onClose={onClose}
      />
      <PaneTabs tab={tab} onChange={setTab} />
      <div className="flex min-h-0 grow">
        <div className={cx('flex min-h-0 min-w-0 grow flex-col', tab !== 'transcript' && 'max-lg:hidden')}>
          <Overview held={held} overview={overview} onJump={jump} onSeek={seek} />
          {!isOpen && <Opening followed={followed} />}
          <Transcript
            followed={followed}
            store={store}
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
          <Inspector followed={followed} session={session} selected={selected} onSelect={setSelected} />
        </aside>
      </div>
    </div>
  )
}

/** Brings an event into view, and reads it before if it is not held; the row is known by its key, if that is known. */
function useSeek(store: FollowedStore, jump: (row: string) => void) {
  return useCallback(
    async (seq: number, key?: string) => {
      const told = toastError('That part of the session was not read')
      if (!holds(store.snapshot().held, seq) && !(await store.readAround(seq).catch(told))) return
      const { held } = store.snapshot()
      const known = key === undefined ? -1 : rowOf(held, key)
      const row = held.rows[known >= 0 ? known : (rowAt(held, seq) ?? -1)]
      if (row) jump(row.key)
    },
    [store, jump],
  )
}

/** Brings the event that the address names into view, once, however far back it is. */
function usePermalink(
  sessionId: string,
  id: string | undefined,
  { held, isOpen }: Followed,
  seek: (seq: number, key?: string) => Promise<void>,
) {
  const asked = useRef<string | undefined>(undefined)
  useEffect(() => {
    if (!isOpen || id === undefined || asked.current === id) return
    asked.current = id
    const known = held.parts.flatMap((part) => part.events).find((event) => event.id === id)
    const found = known ? Promise.resolve(known) : readEvent(sessionId, id)
    found
      .then((event) => seek(event.seq ?? 0, keyOf(event)))
      .catch(toastError('The event that the link names was not found'))
  }, [sessionId, id, held, isOpen, seek])
}

/** Until the end of the log has been read. */
function Opening({ followed: { connection } }: { followed: Followed }) {
  if (connection.state === 'failed') {
    return (
      <ErrorState
        error={connection.error}
        what="The session’s events could not be read"
        onRetry={() => location.reload()}
      />
    )
  }
  if (connection.state === 'waiting' && connection.error) {
    return (
      <ErrorState
        error={connection.error}
        what="The session’s events could not be read yet"
        onRetry={tryNow}
      />
    )
  }
  return <Skeleton rows={6} className="px-4 pt-4 sm:px-6" />
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
