import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { KeyRound, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Listing } from '@/components/ui/loaded'
import { MenuItem, RowMenu } from '@/components/ui/menu'
import { PageHeader } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { Badge } from '@/components/ui/status'
import { type Column, menuColumn, Table } from '@/components/ui/table'
import { Time } from '@/components/ui/time'
import { toast } from '@/components/ui/toast'
import { api, data } from '@/lib/api/client'
import { useMay } from '@/lib/api/login'
import type { Key } from '@/lib/api/people'
import { CreateKey } from '../parts/CreateKey'
import { Lacks } from '../parts/Lacks'
import { keysQuery, projectsQuery, useAct } from '../queries'
import { scopesInWords } from '../scopes'

export function ApiKeys() {
  const list = useInfiniteQuery(keysQuery)
  const { data: projects } = useQuery(projectsQuery)
  const [isCreating, setIsCreating] = useState(false)
  const [gone, setGone] = useState<Key>()
  const mayCreate = useMay('member')
  const revoke = useAct(['keys'], (key: Key) =>
    data(api.DELETE('/v1/keys/{key}', { params: { path: { key: key.id } } })),
  )
  const create = (
    <Button look="main" onClick={() => setIsCreating(true)}>
      <Plus aria-hidden className="size-4" />
      Create API Key
    </Button>
  )
  const names = new Map(projects?.map((project) => [project.id, project.name]))
  const columns = [
    ...COLUMNS,
    projectColumn(names),
    USED,
    menuColumn<Key>((key) => mayCreate && <KeyMenu name={key.name} onDelete={() => setGone(key)} />),
  ]
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader title="API Keys" actions={mayCreate && create} />
      <Lacks needs="member" what="make keys" />
      <Listing
        query={list}
        rows={list.data?.pages.flatMap((page) => page.data)}
        what="The keys could not be read"
        empty={
          <EmptyState
            icon={KeyRound}
            {...(mayCreate ? { action: create } : {})}
            command="sortie keys create my-program --scopes agents:run,sessions:read"
          >
            A program proves itself with a key. It is shown once, when it is made.
          </EmptyState>
        }
      >
        {(rows) => (
          <Table
            label="API keys"
            className="grow"
            columns={columns}
            rows={rows}
            rowKey={(key) => key.id}
            onEnd={list.hasNextPage && !list.isFetching ? () => void list.fetchNextPage() : undefined}
          />
        )}
      </Listing>
      {isCreating && <CreateKey onClose={() => setIsCreating(false)} />}
      <ConfirmDialog
        open={gone !== undefined}
        onOpenChange={(open) => open || setGone(undefined)}
        title={`Delete ${gone?.name ?? 'the key'}?`}
        description="It opens nothing from the next request on, and its streams end. This cannot be undone."
        confirm="Delete"
        dangerous
        onConfirm={async () => {
          if (gone === undefined) return
          await revoke.mutateAsync(gone)
          toast({ title: 'Deleted', description: gone.name, tone: 'good' })
        }}
      />
    </div>
  )
}

const COLUMNS: Column<Key>[] = [
  {
    key: 'name',
    header: 'Name',
    width: 'minmax(0,1.3fr)',
    cell: ({ name, expires_at: at }) => (
      <span className="flex items-center gap-2">
        <span className="truncate font-medium">{name}</span>
        {at && (
          <Badge tone={Date.parse(at) < Date.now() ? 'bad' : 'warn'}>
            {Date.parse(at) < Date.now() ? 'ended' : 'ends'} <Time at={at} />
          </Badge>
        )}
      </span>
    ),
  },
  {
    key: 'hint',
    header: 'Key',
    width: '8rem',
    secondary: true,
    cell: ({ hint }) => <span className="font-mono text-muted text-xs">{hint}…</span>,
  },
  {
    key: 'maker',
    header: 'Acts as',
    width: '9rem',
    secondary: true,
    cell: ({ maker }) => (
      <span className={maker.active ? undefined : 'text-faint line-through'} title={maker.email}>
        {maker.name}
      </span>
    ),
  },
  {
    key: 'scopes',
    header: 'May',
    width: 'minmax(0,1.6fr)',
    secondary: true,
    cell: ({ scopes }) => (
      <span className="text-muted" title={scopes.join(' ')}>
        {scopesInWords(scopes)}
      </span>
    ),
  },
]

function projectColumn(names: ReadonlyMap<string, string>): Column<Key> {
  return {
    key: 'project',
    header: 'Project',
    width: '8rem',
    secondary: true,
    cell: ({ project_id: id }) => (id ? (names.get(id) ?? id) : <span className="text-faint">all</span>),
  }
}

const USED: Column<Key> = {
  key: 'used',
  header: 'Last used',
  width: '6.5rem',
  cell: ({ last_used_at: at }) => (at ? <Time at={at} /> : <span className="text-faint">never</span>),
}

function KeyMenu({ name, onDelete }: { name: string; onDelete: () => void }) {
  return (
    <RowMenu label={`More about ${name}`}>
      <MenuItem dangerous icon={<Trash2 />} onSelect={onDelete}>
        Delete
      </MenuItem>
    </RowMenu>
  )
}
