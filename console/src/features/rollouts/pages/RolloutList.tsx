import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Rocket } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { CopyableId } from '@/components/ui/copy'
import { Select } from '@/components/ui/field'
import { Listing } from '@/components/ui/loaded'
import { PageHeader } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { Status } from '@/components/ui/status'
import { type Column, Table } from '@/components/ui/table'
import { Time } from '@/components/ui/time'
import { words } from '@/lib/format'
import { useFreshWith } from '@/lib/org/fresh'
import { environmentOf, shortCommit, whoOf } from '../facts'
import { Level } from '../parts/Level'
import { StartHere } from '../parts/StartHere'
import {
  type Rollout,
  type RolloutFilter,
  type RolloutStatus,
  rolloutsQuery,
  STATUSES,
  useProjects,
} from '../queries'

export function RolloutList() {
  const [filter, setFilter] = useState<RolloutFilter>({})
  const navigate = useNavigate()
  const list = useInfiniteQuery(rolloutsQuery(filter))
  const names = useProjectNames()
  const columns = useMemo(() => columnsOf(names), [names])
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.data), [list.data])
  useLiveRows(rows ?? NONE)
  const isFiltered = filter.project !== undefined || filter.status !== undefined
  const isFirstVisit = rows?.length === 0 && !isFiltered

  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader
        title="Rollouts"
        actions={!isFirstVisit && <Filters filter={filter} onChange={setFilter} names={names} />}
      />
      <div className="flex min-h-0 grow flex-col overflow-y-auto">
        <Listing
          query={list}
          rows={rows}
          what="The rollouts could not be read"
          empty={isFiltered ? <NoneFits onAll={() => setFilter({})} /> : <StartHere />}
        >
          {(rows) => (
            <Table
              label="Rollouts"
              className="grow"
              columns={columns}
              rows={rows}
              rowKey={(row) => row.id}
              onOpen={(row) => void navigate({ to: '/rollouts/$rolloutId', params: { rolloutId: row.id } })}
              onEnd={list.hasNextPage && !list.isFetching ? () => void list.fetchNextPage() : undefined}
            />
          )}
        </Listing>
      </div>
    </div>
  )
}

const NONE: readonly Rollout[] = []

function NoneFits({ onAll }: { onAll: () => void }) {
  return (
    <EmptyState icon={Rocket} action={<Button onClick={onAll}>Show all</Button>}>
      No rollout fits the filter.
    </EmptyState>
  )
}

/** A session of a row changed, or one that nobody has seen yet, which may be that of a new rollout. */
function useLiveRows(rows: readonly Rollout[]) {
  const others = useRef(new Set<string>())
  const known = useMemo(() => new Set(rows.map((row) => row.session_id)), [rows])
  useFreshWith(['rollouts', 'list'], ({ session_id: id }) => {
    if (known.has(id)) return true
    const isNew = !others.current.has(id)
    others.current.add(id)
    return isNew
  })
}

function useProjectNames(): ReadonlyMap<string, string> {
  const { data } = useProjects()
  return useMemo(() => new Map((data ?? []).map((project) => [project.id, project.name])), [data])
}

function Filters({
  filter,
  onChange,
  names,
}: {
  filter: RolloutFilter
  onChange: (filter: RolloutFilter) => void
  names: ReadonlyMap<string, string>
}) {
  return (
    <>
      {names.size > 1 && (
        <Select
          aria-label="Project"
          className="max-w-40"
          value={filter.project ?? ''}
          onChange={(event) => onChange({ ...filter, project: event.target.value || undefined })}
        >
          <option value="">All projects</option>
          {[...names].map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      )}
      <Select
        aria-label="Status"
        className="max-w-36"
        value={filter.status ?? ''}
        onChange={(event) => onChange({ ...filter, status: statusOf(event.target.value) })}
      >
        <option value="">Any status</option>
        {STATUSES.map((status) => (
          <option key={status} value={status}>
            {words(status)}
          </option>
        ))}
      </Select>
    </>
  )
}

function statusOf(word: string): RolloutStatus | undefined {
  return STATUSES.find((status) => status === word)
}

function columnsOf(names: ReadonlyMap<string, string>): Column<Rollout>[] {
  return [
    {
      key: 'request',
      header: 'Rollout',
      width: 'minmax(0,2.2fr)',
      cell: (row) => (
        <span title={row.commit_message ?? row.request}>
          <span className="font-medium">{row.request}</span>
          {row.commit_message && <span className="text-faint"> · {row.commit_message}</span>}
        </span>
      ),
    },
    {
      key: 'project',
      header: 'Project',
      width: '7rem',
      secondary: true,
      cell: (row) => names.get(row.project_id) ?? row.repository ?? <CopyableId id={row.project_id} />,
    },
    { key: 'state', header: 'Status', width: '8.5rem', cell: (row) => <Status status={row.state} /> },
    {
      key: 'level',
      header: 'Level',
      width: '8.5rem',
      secondary: true,
      cell: (row) => <Level rollout={row} />,
    },
    {
      key: 'environment',
      header: 'Environment',
      width: '6rem',
      secondary: true,
      cell: (row) => environmentOf(row) ?? <span className="text-faint">–</span>,
    },
    {
      key: 'commit',
      header: 'Commit',
      width: '4.5rem',
      secondary: true,
      cell: (row) =>
        row.commit ? (
          <span className="font-mono text-xs">{shortCommit(row.commit)}</span>
        ) : (
          <span className="text-faint">–</span>
        ),
    },
    {
      key: 'who',
      header: 'Who',
      width: '5rem',
      secondary: true,
      cell: (row) => whoOf(row) ?? <span className="text-faint">–</span>,
    },
    {
      key: 'when',
      header: 'When',
      width: '5rem',
      align: 'right',
      secondary: true,
      cell: (row) => <Time at={row.created_at} />,
    },
  ]
}
