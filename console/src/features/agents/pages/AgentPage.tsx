import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Archive, Copy, PencilLine, Rocket } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Button } from '@/components/ui/button'
import { CopyableId } from '@/components/ui/copy'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Listing, shown, Unread } from '@/components/ui/loaded'
import { MenuItem, MenuSeparator, RowMenu } from '@/components/ui/menu'
import { Page, PageHeader } from '@/components/ui/page'
import { Badge, Status } from '@/components/ui/status'
import { Time } from '@/components/ui/time'
import { toast, toastError } from '@/components/ui/toast'
import { useMay } from '@/lib/api/login'
import { copy } from '@/lib/clipboard'
import { curl } from '@/lib/curl'
import { money, plural, tokens } from '@/lib/format'
import { useKeys } from '@/lib/keys'
import { useFreshWith } from '@/lib/org/fresh'
import { toolName } from '../parts/diff'
import { Playground } from '../parts/Playground'
import { SmallModel } from '../parts/SmallModel'
import { type Agent, agentQuery, sessionsOfQuery, useArchiveAgent } from '../queries'

/** An agent: what it is, what it did last, and a chat with it. */
export function AgentPage() {
  const { agentId } = useParams({ strict: false })
  const agent = useQuery(agentQuery(agentId ?? ''))
  const known = shown(agent)
  if (known) return <Shown key={known.id} agent={known} />
  return (
    <Page title="Agent" crumbs={[{ label: 'Agents', to: '/agents' }]}>
      <Unread query={agent} what="The agent was not read" />
    </Page>
  )
}

function Shown({ agent }: { agent: Agent }) {
  const mayWrite = useMay('member') && !agent.archived_at
  const navigate = useNavigate()
  const edit = (tab = 'setup') =>
    void navigate({ to: '/agents/$agentId/edit', params: { agentId: agent.id }, search: { tab } })
  useKeys([{ keys: 'e', label: 'Edit the agent', run: () => edit() }])
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader
        title={agent.name}
        crumbs={[{ label: 'Agents', to: '/agents' }]}
        aside={
          <>
            <Badge>version {agent.version}</Badge>
            {agent.archived_at && <Badge tone="warn">archived</Badge>}
          </>
        }
        actions={
          <>
            <Button onClick={() => edit('deployments.api')}>
              <Rocket aria-hidden className="size-4 text-faint" /> Use it
              <span className="max-sm:hidden"> from your program</span>
            </Button>
            <Button look="main" onClick={() => edit()}>
              <PencilLine aria-hidden className="size-4" /> {mayWrite ? 'Edit' : 'Look closer'}
            </Button>
            <More agent={agent} mayWrite={mayWrite} />
          </>
        }
      />
      <div className="grid min-h-0 grow grid-cols-[minmax(0,1fr)] max-lg:overflow-y-auto lg:grid-rows-[minmax(0,1fr)] lg:grid-cols-[minmax(0,1fr)_24rem]">
        <Playground
          agent={agent}
          className="min-h-[28rem] max-lg:border-b"
          greeting={
            <div className="flex flex-col items-center gap-2">
              <p className="font-medium text-lg">Talk to {agent.name}</p>
              {agent.description && <p className="max-w-md text-muted">{agent.description}</p>}
              <SmallModel model={agent.model.id} />
            </div>
          }
        />
        <aside aria-label="About the agent" className="min-h-0 overflow-y-auto lg:border-l">
          <Facts agent={agent} />
          <LastSessions agent={agent.id} />
        </aside>
      </div>
    </div>
  )
}

function More({ agent, mayWrite }: { agent: Agent; mayWrite: boolean }) {
  const [isLeaving, setLeaving] = useState(false)
  const archive = useArchiveAgent()
  const line = curl('GET', `/v1/agents/${agent.id}`)
  return (
    <>
      <RowMenu label="More">
        <MenuItem
          icon={<Copy />}
          onSelect={() => void copy(line).then(() => toast({ title: 'Copied' }), toastError('Not copied'))}
        >
          Copy as curl
        </MenuItem>
        {mayWrite && (
          <>
            <MenuSeparator />
            <MenuItem icon={<Archive />} dangerous onSelect={() => setLeaving(true)}>
              Archive
            </MenuItem>
          </>
        )}
      </RowMenu>
      <ConfirmDialog
        open={isLeaving}
        onOpenChange={setLeaving}
        title={`Archive ${agent.name}?`}
        description="It begins no new sessions, and its deployments stop. What it has done stays readable. It cannot be brought back."
        confirm="Archive"
        dangerous
        onConfirm={() => archive.mutateAsync(agent.id)}
      />
    </>
  )
}

function Facts({ agent }: { agent: Agent }) {
  const budget = agent.budget
  const limits = [
    budget?.max_list_cost && money(budget.max_list_cost),
    budget?.max_tokens && `${tokens(budget.max_tokens)} tokens`,
    budget?.max_steps && plural(budget.max_steps, 'model call'),
    budget?.max_tool_calls && plural(budget.max_tool_calls, 'tool call'),
    budget?.max_active_seconds && `${budget.max_active_seconds} s of work`,
  ].filter(Boolean)
  return (
    <dl className="grid grid-cols-[6rem_minmax(0,1fr)] gap-x-3 gap-y-2 border-b p-4 text-sm">
      <Fact name="Id">
        <CopyableId id={agent.id} className="-ml-1" />
      </Fact>
      <Fact name="Model">
        <span className="break-all font-mono text-xs">{agent.model.id}</span>
      </Fact>
      <Fact name="Tools">{agent.tools.length > 0 ? agent.tools.map(toolName).join(', ') : 'none'}</Fact>
      <Fact name="Limits">{limits.length > 0 ? limits.join(', ') : 'none'}</Fact>
      <Fact name="Used by">
        {agent.members ? plural(agent.members.length, 'person', 'people') : 'everybody'}
      </Fact>
      <Fact name="Changed">
        <Time at={agent.updated_at} />
      </Fact>
      {agent.system && (
        <Fact name="Instructions">
          <span className="line-clamp-6 whitespace-pre-wrap text-muted">{agent.system}</span>
        </Fact>
      )}
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-faint">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  )
}

function LastSessions({ agent }: { agent: string }) {
  const query = sessionsOfQuery(agent)
  const sessions = useQuery(query)
  useFreshWith(query.queryKey, ({ agent_id }) => agent_id === agent)
  return (
    <section aria-label="Last sessions">
      <h2 className="eyebrow px-4 pt-4 pb-1">Last sessions</h2>
      <Listing
        query={sessions}
        rows={sessions.data?.data}
        what="Its sessions were not read"
        empty={<p className="px-4 py-2 text-muted text-sm">It has done nothing yet.</p>}
      >
        {(rows) => (
          <ul>
            {rows.map((session) => (
              <li key={session.id}>
                <Link
                  to="/sessions/$sessionId"
                  params={{ sessionId: session.id }}
                  className="flex h-9 items-center gap-2 px-4 text-sm hover:bg-hover"
                >
                  <Status status={session.status} word="" />
                  <span className="grow truncate">{session.title ?? 'Without a title'}</span>
                  <Time at={session.updated_at} className="text-faint" />
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Listing>
    </section>
  )
}
