import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { ChevronRight, LayoutList } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { linkLook } from '@/components/ui/button'
import { shown, Unread } from '@/components/ui/loaded'
import { EmptyState } from '@/components/ui/states'
import { useMay } from '@/lib/api/login'
import { cx } from '@/lib/classes'
import { useKeys } from '@/lib/keys'
import { atLeisure } from '@/lib/leisure'
import { isTexts, useRemembered } from '@/lib/remembered'
import { useBegunBy } from '../origins'
import { type Filters, newest, type SessionRow, STATES, type State, stateOf, useSessions } from '../rows'
import { SessionItem } from './SessionItem'

interface SessionListProps {
  filters: Omit<Filters, 'state'>
  chosen: string | undefined
  onChoose: (id: string | undefined) => void
}

type Entry = { kind: 'group'; state: State; count: string } | { kind: 'session'; session: SessionRow }

const NAMES: Record<State, string> = {
  waiting: 'Needs you',
  running: 'Running',
  idle: 'Idle',
  ended: 'Ended',
}
const COLUMNS = ['Begun by', 'Model calls', 'Tokens', 'Cost', 'Worked', 'Last activity']
const HEIGHTS = { group: 32, session: 56 }

/** All sessions in groups, what needs a person first. */
export function SessionList({ filters, chosen, onChoose }: SessionListProps) {
  const [folded, setFolded] = useRemembered<string[]>('folded', ['ended'], isTexts)
  const groups = useGroups(filters, folded)
  const begunBy = useBegunBy()
  const mayAct = useMay('member')
  const { entries, unread, more } = groups
  const scroller = useRef<HTMLDivElement>(null)
  const [current, setCurrent] = useState<string | undefined>(chosen)
  const overscan = useOverscan()
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => HEIGHTS[entries[index]?.kind ?? 'session'],
    getItemKey: (index) => keyOf(entries[index]),
    overscan,
    // As good as known before it is laid out: what is drawn first is drawn once.
    initialRect: { width: innerWidth, height: innerHeight - 48 },
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= entries.length - 20) more()
  }, [last, entries.length, more])

  const move = (step: 1 | -1) => {
    const sessions = entries.flatMap((entry, index) =>
      entry.kind === 'session' ? [{ id: entry.session.id, index }] : [],
    )
    const at = sessions.findIndex(({ id }) => id === current)
    const next = sessions[Math.min(sessions.length - 1, Math.max(0, at + step))]
    if (!next) return
    setCurrent(next.id)
    virtual.scrollToIndex(next.index)
    if (chosen !== undefined) onChoose(next.id)
  }
  useKeys([
    { keys: 'j', label: 'Next session', run: () => move(1) },
    { keys: 'k', label: 'Previous session', run: () => move(-1) },
    { keys: 'o', label: 'Open the session', run: () => current && onChoose(current) },
    { keys: 'Escape', label: 'Close the session', run: () => onChoose(undefined) },
  ])
  const open = useCallback(
    (id: string) => {
      setCurrent(id)
      onChoose(id)
    },
    [onChoose],
  )
  const toggle = (state: State) =>
    setFolded(folded.includes(state) ? folded.filter((other) => other !== state) : [...folded, state])

  if (unread) {
    const query = { error: unread.error, refetch: groups.retry }
    return <Unread query={query} what="The sessions could not be listed" rows={10} className="pt-2" />
  }
  if (!entries.some((entry) => entry.kind === 'session') && !groups.hasFolded) {
    return <NoSessions isFiltered={Object.keys(filters).length > 0} />
  }
  return (
    <div ref={scroller} className="min-h-0 grow overflow-y-auto">
      <ul aria-label="Sessions" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const entry = entries[item.index]
          if (!entry) return null
          return (
            <li
              key={item.key}
              style={{ transform: `translateY(${item.start}px)`, height: item.size }}
              className="absolute inset-x-0 top-0"
            >
              {entry.kind === 'group' ? (
                <GroupHeader
                  {...entry}
                  isFirst={item.index === 0}
                  isFolded={folded.includes(entry.state)}
                  onToggle={() => toggle(entry.state)}
                />
              ) : (
                <SessionItem
                  session={entry.session}
                  begunBy={begunBy(entry.session)}
                  mayAct={mayAct}
                  isChosen={entry.session.id === chosen}
                  isCurrent={entry.session.id === current}
                  onChoose={open}
                />
              )}
            </li>
          )
        })}
      </ul>
    </div>
  )
}

/** Rows beyond the edges wait until those that are seen are drawn. */
function useOverscan(): number {
  const [rows, setRows] = useState(0)
  useEffect(() => atLeisure(async () => setRows(10)), [])
  return rows
}

function keyOf(entry: Entry | undefined): string {
  if (!entry) return ''
  return entry.kind === 'group' ? entry.state : entry.session.id
}

/** The four lists as one. A folded group is not read further. */
function useGroups(filters: Omit<Filters, 'state'>, folded: readonly string[]) {
  const waiting = useSessions({ ...filters, state: 'waiting' })
  const running = useSessions({ ...filters, state: 'running' })
  const idle = useSessions({ ...filters, state: 'idle' })
  const ended = useSessions({ ...filters, state: 'ended' })
  const lists = { waiting, running, idle, ended }
  const entries = useMemo(
    () =>
      entriesOf({ waiting: waiting.data, running: running.data, idle: idle.data, ended: ended.data }, folded),
    [waiting.data, running.data, idle.data, ended.data, folded],
  )
  const open = STATES.filter((state) => !folded.includes(state))
  return {
    entries,
    hasFolded: folded.length > 0 && entries.length > 0,
    /** One of the lists that cannot be shown, if any: what was read before stays. */
    unread: STATES.map((state) => lists[state])
      .filter((list) => shown(list) === undefined)
      .sort((one, other) => Number(other.isError) - Number(one.isError))[0],
    retry: () => STATES.forEach((state) => void lists[state].refetch()),
    more: () => {
      const state = open.find((state) => lists[state].hasNextPage)
      if (state && !lists[state].isFetchingNextPage) void lists[state].fetchNextPage()
    },
  }
}

type Data = ReturnType<typeof useSessions>['data']

function entriesOf(data: Record<State, Data>, folded: readonly string[]): Entry[] {
  const rowsOf = (state: State) =>
    (data[state]?.pages ?? []).flatMap((page) => page.data).filter((session) => stateOf(session) === state)
  const drawn = newest(STATES.flatMap(rowsOf))
  return STATES.flatMap((state): Entry[] => {
    const sessions = rowsOf(state).filter((session) => drawn.has(session))
    if (sessions.length === 0) return []
    const count = `${sessions.length}${data[state]?.pages.at(-1)?.next_page ? '+' : ''}`
    const group: Entry = { kind: 'group', state, count }
    if (folded.includes(state)) return [group]
    return [group, ...sessions.map((session): Entry => ({ kind: 'session', session }))]
  })
}

interface GroupProps {
  state: State
  count: string
  /** The first says what the columns are, for all. */
  isFirst: boolean
  isFolded: boolean
  onToggle: () => void
}

function GroupHeader({ state, count, isFirst, isFolded, onToggle }: GroupProps) {
  return (
    <button
      type="button"
      aria-expanded={!isFolded}
      onClick={onToggle}
      className="flex h-8 w-full items-center gap-1.5 border-b bg-sunken px-4 text-sm sm:px-6"
    >
      <ChevronRight
        aria-hidden
        className={cx('size-3.5 text-faint transition-transform', !isFolded && 'rotate-90')}
      />
      <span className={cx('font-medium', state === 'waiting' && 'text-warn')}>{NAMES[state]}</span>
      <span className="num text-faint">{count}</span>
      {isFirst && (
        <span aria-hidden className="eyebrow ml-auto hidden text-right @3xl:flex *:w-22">
          {COLUMNS.map((column) => (
            <span key={column}>{column}</span>
          ))}
        </span>
      )}
    </button>
  )
}

function NoSessions({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <EmptyState
        icon={LayoutList}
        action={
          <Link to="/" search={{}} className={linkLook('plain')}>
            Show all sessions
          </Link>
        }
      >
        No session fits these filters.
      </EmptyState>
    )
  }
  return (
    <EmptyState
      icon={LayoutList}
      action={
        <Link to="/agents" className={linkLook('main')}>
          Talk to an agent
        </Link>
      }
      command={'sortie run "Hello! Who are you?"'}
    >
      Nothing has run yet. Whatever your agents do appears here while they do it.
    </EmptyState>
  )
}
