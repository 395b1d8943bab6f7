import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Download, ScrollText } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { CodeBlock, CopyableId } from '@/components/ui/copy'
import { Dialog } from '@/components/ui/dialog'
import { Input } from '@/components/ui/field'
import { Listing } from '@/components/ui/loaded'
import { Menu, MenuItem } from '@/components/ui/menu'
import { PageHeader } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { type Column, Table } from '@/components/ui/table'
import { Time } from '@/components/ui/time'
import { toast, toastError } from '@/components/ui/toast'
import { allPages } from '@/lib/api/client'
import { csvOf, download } from '../csv'
import { ForAdmins } from '../parts/ForAdmins'
import { type AuditEntry, type AuditFilter, auditQuery, membersQuery, readAudit } from '../queries'

/** How much one export holds; a narrower filter gets the rest. */
const EXPORT_MAX = 10_000

export function AuditLog() {
  return (
    <ForAdmins title="Audit log" what="read the audit log">
      <Entries />
    </ForAdmins>
  )
}

function Entries() {
  const [filter, setFilter] = useState<AuditFilter>({})
  const [text, setText] = useState('')
  const [open, setOpen] = useState<AuditEntry>()
  // Fields that hold what is typed in them begin anew with this.
  const [emptied, setEmptied] = useState(0)
  const showAll = () => {
    setFilter({})
    setText('')
    setEmptied(emptied + 1)
  }
  const list = useInfiniteQuery(auditQuery(filter))
  const names = useNames()
  const columns = useMemo(() => columnsOf(names), [names])
  const rows = list.data?.pages.flatMap((page) => page.data).filter((entry) => fits(entry, text, names))
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader title="Audit log" actions={<Export filter={filter} names={names} />} />
      <Filters key={emptied} filter={filter} onChange={setFilter} text={text} onText={setText} />
      <Listing
        query={list}
        rows={rows}
        what="The audit log could not be read"
        empty={
          <EmptyState
            icon={ScrollText}
            action={<Button onClick={showAll}>Show all</Button>}
            command="sortie audit list"
          >
            Nothing that fits was done.
          </EmptyState>
        }
      >
        {(rows) => (
          <Table
            label="Audit log"
            className="grow"
            columns={columns}
            rows={rows}
            rowKey={(entry) => entry.id}
            onOpen={setOpen}
            onEnd={list.hasNextPage && !list.isFetching ? () => void list.fetchNextPage() : undefined}
          />
        )}
      </Listing>
      {open && (
        <Dialog
          open
          onOpenChange={(isOpen) => isOpen || setOpen(undefined)}
          wide
          title={open.action}
          description={<CopyableId id={open.id} whole />}
        >
          <CodeBlock title="Entry" text={JSON.stringify(open, null, 2)} />
        </Dialog>
      )}
    </div>
  )
}

interface FiltersProps {
  filter: AuditFilter
  onChange: (filter: AuditFilter) => void
  text: string
  onText: (text: string) => void
}

function Filters({ filter, onChange, text, onText }: FiltersProps) {
  return (
    <div className="flex flex-wrap items-center gap-2 border-b px-4 py-2 sm:px-6">
      <Input
        type="search"
        aria-label="Search in what is shown"
        placeholder="Search"
        className="sm:max-w-56"
        value={text}
        onChange={(event) => onText(event.target.value)}
      />
      <Input
        aria-label="Action"
        placeholder="Action, such as key.created"
        className="sm:max-w-56"
        onKeyDown={(event) => {
          if (event.key === 'Enter')
            onChange({ ...filter, action: event.currentTarget.value.trim() || undefined })
        }}
        onBlur={(event) => onChange({ ...filter, action: event.target.value.trim() || undefined })}
      />
      <Input
        type="date"
        aria-label="From"
        className="max-sm:w-[calc(50%-0.25rem)] sm:max-w-36"
        value={filter.from ?? ''}
        onChange={(event) => onChange({ ...filter, from: event.target.value || undefined })}
      />
      <Input
        type="date"
        aria-label="Until"
        className="max-sm:w-[calc(50%-0.25rem)] sm:max-w-36"
        value={filter.to ?? ''}
        onChange={(event) => onChange({ ...filter, to: event.target.value || undefined })}
      />
    </div>
  )
}

type Names = ReadonlyMap<string, string>

function useNames(): Names {
  const { data } = useQuery(membersQuery)
  return useMemo(() => new Map(data?.map((member) => [member.id, member.name])), [data])
}

function actorOf({ actor }: AuditEntry, names: Names): string {
  return actor.type === 'member' ? (names.get(actor.member_id) ?? actor.member_id) : `the ${actor.type}`
}

function fits(entry: AuditEntry, text: string, names: Names): boolean {
  if (text === '') return true
  const all = `${entry.action} ${entry.subject} ${actorOf(entry, names)} ${JSON.stringify(entry.details)}`
  return all.toLowerCase().includes(text.toLowerCase())
}

function columnsOf(names: Names): Column<AuditEntry>[] {
  return [
    {
      key: 'action',
      header: 'Action',
      width: '14rem',
      narrow: 'minmax(0,1fr)',
      cell: ({ action }) => <span className="font-medium">{action}</span>,
    },
    { key: 'who', header: 'Who', width: '10rem', narrow: '6rem', cell: (entry) => actorOf(entry, names) },
    {
      key: 'details',
      header: 'Details',
      secondary: true,
      cell: ({ subject, details }) => (
        <span className="text-muted">
          <CopyableId id={subject} />{' '}
          {Object.entries(details as Record<string, unknown>)
            .map(inWords)
            .join(' · ')}
        </span>
      ),
    },
    { key: 'at', header: 'When', width: '5.5rem', align: 'right', cell: ({ at }) => <Time at={at} /> },
  ]
}

function inWords([name, value]: [string, unknown]): string {
  return `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`
}

function Export({ filter, names }: { filter: AuditFilter; names: Names }) {
  const [isBusy, setIsBusy] = useState(false)
  const run = async (as: 'csv' | 'json') => {
    setIsBusy(true)
    try {
      const entries = await allPages((page) => readAudit(filter, page), EXPORT_MAX)
      if (as === 'json') download('audit.json', 'application/json', JSON.stringify(entries, null, 2))
      else
        download(
          'audit.csv',
          'text/csv',
          csvOf(
            HEADER,
            entries.map((entry) => lineOf(entry, names)),
          ),
        )
      toast({ title: `${entries.length} entries exported`, tone: 'good' })
    } catch (thrown) {
      toastError('Not exported')(thrown)
    } finally {
      setIsBusy(false)
    }
  }
  return (
    <Menu
      trigger={
        <Button busy={isBusy}>
          <Download aria-hidden className="size-4" />
          Export
        </Button>
      }
    >
      <MenuItem onSelect={() => void run('csv')}>CSV</MenuItem>
      <MenuItem onSelect={() => void run('json')}>JSON</MenuItem>
    </Menu>
  )
}

const HEADER = ['id', 'at', 'actor', 'action', 'subject', 'details']

function lineOf(entry: AuditEntry, names: Names): string[] {
  return [
    entry.id,
    entry.at,
    actorOf(entry, names),
    entry.action,
    entry.subject,
    JSON.stringify(entry.details),
  ]
}
