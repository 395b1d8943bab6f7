import {
  type InfiniteData,
  infiniteQueryOptions,
  type QueryClient,
  useInfiniteQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { api, data, paging, type Schemas } from '@/lib/api/client'
import { readOut } from '@/lib/api/query'
import { type SessionChanged, useOrgChanges } from '@/lib/org/stream'

/** Where a session stands, in the order in which people should look at it. */
export const STATES = ['waiting', 'running', 'idle', 'ended'] as const
export type State = (typeof STATES)[number]

/** A session as a list shows it. */
export type SessionRow = Schemas['SessionView'] & {
  state?: State
  stop_reason?: Schemas['StopReasonView'] | null
  origin?: string
  steps?: number
  last_line?: { by: string; text: string } | null
}

/** What a commit tells of a session. */
export type Change = SessionChanged &
  Partial<Pick<SessionRow, 'state' | 'stop_reason' | 'steps'>> & { updated_at?: string }

interface SessionPage {
  data: SessionRow[]
  next_page?: string | null
}

type Pages = InfiniteData<SessionPage, string | undefined>

/** What a list is asked for. */
export interface Filters {
  state?: State
  title?: string
  agent?: string
  origin?: string
}

export function stateOf(
  session: Pick<SessionRow, 'state' | 'status'> & { archived_at?: string | null },
): State {
  if (session.state) return session.state
  if (session.status === 'terminated' || session.archived_at) return 'ended'
  return session.status === 'idle' ? 'idle' : 'running'
}

const KEY = ['sessions', 'list']

/** Pages of one state's sessions, the newest first. */
function sessionsQuery(filters: Filters) {
  return infiniteQueryOptions({
    queryKey: [...KEY, filters],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...paging(100, pageParam), ...wire(filters) }
      return data(api.GET('/v1/sessions', { params: { query }, signal })) as Promise<SessionPage>
    },
    getNextPageParam: (page) => page.next_page ?? undefined,
  })
}

export function useSessions(filters: Filters) {
  return useInfiniteQuery(sessionsQuery(filters))
}

/** Asks for the lists that are not known yet, so that they are on their way before the page is drawn. */
export function askForSessions(client: QueryClient, filters: Omit<Filters, 'state'>): Promise<unknown> {
  const queries = STATES.map((state) => sessionsQuery({ ...filters, state }))
  const unknown = queries.filter(({ queryKey }) => client.getQueryData(queryKey) === undefined)
  return Promise.all(unknown.map((query) => client.prefetchInfiniteQuery(query)))
}

function wire({ state, title, agent, origin }: Filters): object {
  return {
    last_line: true,
    ...(state && { 'states[]': [state] }),
    ...(state === 'ended' && { include_archived: true }),
    ...(title && { title }),
    ...(agent && { agent_id: agent }),
    ...(origin && { 'origins[]': [origin] }),
  }
}

/** Keeps every list of sessions as the organization's stream tells it. */
export function useLiveLists() {
  const client = useQueryClient()
  const [due] = useState(() => new Map<string, Change>())
  useOrgChanges(
    useCallback(
      (changes: SessionChanged[]) => {
        for (const change of changes) due.set(change.session_id, change as Change)
        for (let free = AT_ONCE - active; free > 0 && due.size > 0; free--) void work(client, due)
      },
      [client, due],
    ),
  )
}

/** A busy organization changes more sessions than a page may ask about at once. */
const AT_ONCE = 4
let active = 0

async function work(client: QueryClient, due: Map<string, Change>) {
  active += 1
  try {
    for (const [id, change] of due) {
      due.delete(id)
      await apply(client, change)
    }
  } finally {
    active -= 1
  }
}

async function apply(client: QueryClient, change: Change) {
  const id = change.session_id
  // A list that is being read may have been asked for before the change, which then comes behind its answer.
  await readOut(client, { queryKey: KEY })
  const lists = client.getQueriesData<Pages>({ queryKey: KEY })
  const known = lists.flatMap(([, pages]) => find(pages, id) ?? [])[0]
  const isSettled = change.status !== 'running' && change.status !== 'rescheduling'
  // While it runs, what the stream says is enough; its last line is read when it comes to rest.
  const row = known && !isSettled ? merged(known, change) : await fetchRow(client, id, known, change)
  if (!row || isOutdated(client, row)) return
  for (const [key] of lists) {
    const filters = key[2] as Filters
    client.setQueryData<Pages>(key, (pages) => pages && placed(pages, row, fits(row, filters)))
  }
}

/** Whether a later change came through while this row was read. */
function isOutdated(client: QueryClient, row: SessionRow): boolean {
  const lists = client.getQueriesData<Pages>({ queryKey: KEY })
  return lists.some(([, pages]) => (find(pages, row.id)?.last_seq ?? 0) > row.last_seq)
}

async function fetchRow(client: QueryClient, id: string, known: SessionRow | undefined, change: Change) {
  try {
    const path = { session_id: id }
    const read = (await data(api.GET('/v1/sessions/{session_id}', { params: { path } }))) as SessionRow
    client.setQueryData(['sessions', 'one', id], read)
    const line = read.last_line ?? (await lastLine(id)) ?? known?.last_line ?? null
    return merged({ ...read, last_line: line }, change)
  } catch {
    return known ? merged(known, change) : undefined
  }
}

/** The last thing that was said, as a list shows it. */
async function lastLine(id: string): Promise<SessionRow['last_line']> {
  const query = { ...paging(1), order: 'desc' as const, 'types[]': ['agent.message', 'user.message'] }
  const path = { session_id: id }
  const { data: events } = await data(
    api.GET('/v1/sessions/{session_id}/events', { params: { path, query } }),
  )
  const event = events.find((event) => event.seq != null)
  if (event?.type !== 'agent.message' && event?.type !== 'user.message') return null
  const text = event.content.map((block) => ('text' in block ? block.text : '')).join(' ')
  return {
    by: event.type === 'agent.message' ? 'agent' : 'user',
    text: text.replace(/\s+/g, ' ').slice(0, 200),
  }
}

function merged(row: SessionRow, change: Change): SessionRow {
  // An older word than what was read says nothing.
  if (change.seq < row.last_seq) return row
  const state = change.state ?? row.state
  return {
    ...row,
    status: change.status,
    state: row.archived_at ? 'ended' : state,
    title: change.title ?? null,
    usage: change.usage,
    last_seq: change.seq,
    updated_at: change.updated_at ?? new Date().toISOString(),
    ...(change.steps === undefined ? {} : { steps: change.steps }),
    ...(change.stop_reason === undefined ? {} : { stop_reason: change.stop_reason }),
  }
}

export function fits(row: SessionRow, { state, title, agent, origin }: Filters): boolean {
  if (state && stateOf(row) !== state) return false
  if (agent && row.agent.id !== agent) return false
  if (origin && row.origin !== undefined && row.origin !== origin) return false
  return !title || (row.title ?? '').toLowerCase().includes(title.toLowerCase())
}

/**
 * Each session once, as it was told last. Lists of states are read at different moments: a session
 * that changed between two of them stands in both, until the stream has told of it.
 */
export function newest(rows: Iterable<SessionRow>): ReadonlySet<SessionRow> {
  const byId = new Map<string, SessionRow>()
  for (const row of rows) {
    const known = byId.get(row.id)
    if (!known || row.last_seq >= known.last_seq) byId.set(row.id, row)
  }
  return new Set(byId.values())
}

function find(pages: Pages | undefined, id: string): SessionRow | undefined {
  for (const page of pages?.pages ?? []) {
    const row = page.data.find((row) => row.id === id)
    if (row) return row
  }
  return undefined
}

/** A list with this row at its place by the time made, or without it. */
export function placed(pages: Pages, row: SessionRow, isIn: boolean): Pages {
  const isKnown = find(pages, row.id) !== undefined
  if (!isKnown && !isIn) return pages
  if (isKnown && isIn) {
    const swap = (old: SessionRow) => (old.id === row.id ? row : old)
    return { ...pages, pages: pages.pages.map((page) => ({ ...page, data: page.data.map(swap) })) }
  }
  if (isKnown) {
    const without = (page: SessionPage) => ({ ...page, data: page.data.filter((old) => old.id !== row.id) })
    return { ...pages, pages: pages.pages.map(without) }
  }
  const isOlderThan = (page: SessionPage) => page.data.some((old) => old.created_at < row.created_at)
  const found = pages.pages.findIndex(isOlderThan)
  const last = pages.pages.length - 1
  // Behind the last page that was read there may be more: it will come with its page.
  if (found < 0 && pages.pages[last]?.next_page) return pages
  const target = found < 0 ? last : found
  const insert = (page: SessionPage, n: number) =>
    n === target
      ? { ...page, data: [...page.data, row].sort((a, b) => (a.created_at < b.created_at ? 1 : -1)) }
      : page
  return { ...pages, pages: pages.pages.map(insert) }
}
