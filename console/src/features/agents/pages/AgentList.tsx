import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Archive, Bot, PencilLine, Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Input } from '@/components/ui/field'
import { Listing } from '@/components/ui/loaded'
import { MenuItem, MenuSeparator, RowMenu } from '@/components/ui/menu'
import { PageHeader } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { Badge } from '@/components/ui/status'
import { type Column, Table } from '@/components/ui/table'
import { Time } from '@/components/ui/time'
import { Switch } from '@/components/ui/toggles'
import { useMay } from '@/lib/api/login'
import type { Project } from '@/lib/api/people'
import { commandLine } from '@/lib/curl'
import { plural } from '@/lib/format'
import { useKeys } from '@/lib/keys'
import { matches } from '../parts/search'
import { type Agent, agentsQuery, projectsQuery, useArchiveAgent } from '../queries'

export function AgentList() {
  const [text, setText] = useState('')
  const [withArchived, setWithArchived] = useState(false)
  const [leaving, setLeaving] = useState<Agent>()
  const agents = useQuery(agentsQuery(withArchived))
  const { data: projects } = useQuery(projectsQuery)
  const archive = useArchiveAgent()
  const navigate = useNavigate()
  const mayWrite = useMay('member')
  const columns = useMemo(() => {
    const columns = columnsOf(mayWrite, setLeaving, navigate)
    // Where there is one project only, it says nothing of an agent.
    return projects && projects.length > 1 ? columns.toSpliced(1, 0, projectColumn(projects)) : columns
  }, [mayWrite, navigate, projects])
  const found = useMemo(
    () => (agents.data ?? []).filter((agent) => matches(agent, text)),
    [agents.data, text],
  )
  const create = () => void navigate({ to: '/agents/new' })
  useKeys(mayWrite ? [{ keys: 'c', label: 'Create an agent', run: create }] : [])

  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader
        title="Agents"
        actions={
          mayWrite && (
            <Button look="main" onClick={create}>
              <Plus aria-hidden className="size-4" /> New agent
            </Button>
          )
        }
      />
      <div className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-2 border-b px-4 py-2 sm:px-6">
        <Input
          type="search"
          aria-label="Search agents"
          placeholder="Name, description or model"
          className="sm:max-w-80"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Switch label="Archived too" checked={withArchived} onChange={setWithArchived} />
        {agents.data && (
          <span className="num ml-auto text-faint text-sm">{plural(found.length, 'agent')}</span>
        )}
      </div>
      <Listing
        query={agents}
        rows={agents.data && found}
        what="The agents were not read"
        empty={<NoAgents text={text} onClear={() => setText('')} onCreate={mayWrite ? create : undefined} />}
      >
        {(rows) => (
          <Table
            className="grow"
            label="Agents"
            columns={columns}
            rows={rows}
            rowKey={(agent) => agent.id}
            onOpen={(agent) => void navigate({ to: '/agents/$agentId', params: { agentId: agent.id } })}
          />
        )}
      </Listing>
      <ConfirmDialog
        open={leaving !== undefined}
        onOpenChange={(open) => open || setLeaving(undefined)}
        title={`Archive ${leaving?.name ?? ''}?`}
        description="It begins no new sessions, and its deployments stop. What it has done stays readable. It cannot be brought back."
        confirm="Archive"
        dangerous
        onConfirm={() => archive.mutateAsync(leaving?.id ?? '')}
      />
    </div>
  )
}

interface NoAgentsProps {
  text: string
  onClear: () => void
  onCreate: (() => void) | undefined
}

function NoAgents({ text, onClear, onCreate }: NoAgentsProps) {
  if (text !== '') {
    return (
      <EmptyState icon={Bot} action={<Button onClick={onClear}>Show all</Button>}>
        No agent is like “{text}”.
      </EmptyState>
    )
  }
  return (
    <EmptyState
      icon={Bot}
      action={
        onCreate && (
          <Button look="main" onClick={onCreate}>
            New agent
          </Button>
        )
      }
      command={commandLine('POST', '/v1/agents', { name: 'Ada', model: 'local/default' })}
    >
      An agent is a model with instructions, tools and documents. There is none yet.
    </EmptyState>
  )
}

function projectColumn(projects: Project[]): Column<Agent> {
  const names = new Map(projects.map((project) => [project.id, project.name]))
  return {
    key: 'project',
    header: 'Project',
    width: 'minmax(0,0.7fr)',
    secondary: true,
    cell: (agent) => <span className="truncate text-muted">{names.get(agent.project_id) ?? '–'}</span>,
  }
}

function columnsOf(
  mayWrite: boolean,
  onArchive: (agent: Agent) => void,
  navigate: ReturnType<typeof useNavigate>,
): Column<Agent>[] {
  return [
    {
      key: 'name',
      header: 'Name',
      width: 'minmax(0,2fr)',
      cell: (agent) => (
        <span className="flex min-w-0 items-center gap-2">
          <Link to="/agents/$agentId" params={{ agentId: agent.id }} className="shrink-0 font-medium">
            {agent.name}
          </Link>
          {agent.archived_at && <Badge>archived</Badge>}
          <span className="truncate text-muted max-sm:hidden">{agent.description}</span>
        </span>
      ),
    },
    {
      key: 'model',
      header: 'Model',
      cell: (agent) => <span className="font-mono text-muted text-xs">{agent.model.id}</span>,
    },
    {
      key: 'tools',
      header: 'Tools',
      width: '4rem',
      align: 'right',
      secondary: true,
      cell: (agent) => agent.tools.length || <span className="text-faint">–</span>,
    },
    {
      key: 'access',
      header: 'Who may use it',
      width: '8rem',
      secondary: true,
      cell: (agent) => (agent.members ? plural(agent.members.length, 'person', 'people') : 'everybody'),
    },
    {
      key: 'version',
      header: 'Version',
      width: '4rem',
      align: 'right',
      secondary: true,
      cell: (agent) => agent.version,
    },
    {
      key: 'updated',
      header: 'Changed',
      width: '6rem',
      align: 'right',
      secondary: true,
      cell: (agent) => <Time at={agent.updated_at} className="text-muted" />,
    },
    {
      key: 'menu',
      header: <span className="sr-only">Actions</span>,
      width: '1.5rem',
      cell: (agent) =>
        mayWrite &&
        !agent.archived_at && (
          <RowMenu label={`Actions for ${agent.name}`}>
            <MenuItem
              icon={<PencilLine />}
              onSelect={() => void navigate({ to: '/agents/$agentId/edit', params: { agentId: agent.id } })}
            >
              Edit
            </MenuItem>
            <MenuSeparator />
            <MenuItem icon={<Archive />} dangerous onSelect={() => onArchive(agent)}>
              Archive
            </MenuItem>
          </RowMenu>
        ),
    },
  ]
}
