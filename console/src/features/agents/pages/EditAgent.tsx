import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { Button } from '@/components/ui/button'
import { CopyableId } from '@/components/ui/copy'
import { Documents } from '@/components/ui/documents'
import { shown, Unread } from '@/components/ui/loaded'
import { Page, PageHeader } from '@/components/ui/page'
import { Badge } from '@/components/ui/status'
import { TabPanel, Tabs } from '@/components/ui/tabs'
import { useMay } from '@/lib/api/login'
import { cx } from '@/lib/classes'
import { useKeys } from '@/lib/keys'
import { Access } from '../parts/Access'
import { Conflict } from '../parts/Conflict'
import { DeploymentsTab } from '../parts/DeploymentsTab'
import { useEditing } from '../parts/editing'
import { Playground } from '../parts/Playground'
import { Setup } from '../parts/Setup'
import { Versions } from '../parts/Versions'
import { type Agent, agentQuery } from '../queries'

const TABS = ['setup', 'knowledge', 'deployments', 'versions', 'access', 'playground'] as const
const LABELS: Record<(typeof TABS)[number], string> = {
  setup: 'Setup',
  knowledge: 'Knowledge',
  deployments: 'Deployments',
  versions: 'Versions',
  access: 'Access',
  playground: 'Playground',
}

export function EditAgent() {
  const { agentId } = useParams({ strict: false })
  const agent = useQuery(agentQuery(agentId ?? ''))
  const known = shown(agent)
  if (known) return <Editor key={known.id} agent={known} />
  return (
    <Page title="Edit agent" crumbs={[{ label: 'Agents', to: '/agents' }]}>
      <Unread query={agent} what="The agent was not read" />
    </Page>
  )
}

function Editor({ agent }: { agent: Agent }) {
  const { tab: named = 'setup' } = useSearch({ strict: false })
  const navigate = useNavigate()
  const mayWrite = useMay('member') && !agent.archived_at
  const editing = useEditing(agent)
  const [tab = 'setup', way] = named.split('.')
  const open = (next: string) =>
    void navigate({
      to: '/agents/$agentId/edit',
      params: { agentId: agent.id },
      search: { tab: next },
      replace: true,
    })
  useKeys([{ keys: 'Mod+s', label: 'Save the agent', run: editing.save }])
  const tabs = useMemo(
    () =>
      TABS.map((value) => ({
        value,
        label: LABELS[value],
        // With room, it stands beside the others.
        ...(value === 'playground' ? { className: 'lg:hidden' } : {}),
      })),
    [],
  )
  const hasSide = tab === 'setup' || tab === 'knowledge'
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader
        title={`Edit ${agent.name}`}
        crumbs={[{ label: 'Agents', to: '/agents' }]}
        aside={
          <>
            <Badge>version {agent.version}</Badge>
            {agent.archived_at && <Badge tone="warn">archived</Badge>}
            <CopyableId id={agent.id} className="max-sm:hidden" />
          </>
        }
        actions={mayWrite && <SaveButtons editing={editing} />}
      />
      {editing.theirs && <Conflict editing={editing} theirs={editing.theirs} />}
      <div
        className={cx(
          'grid min-h-0 grow grid-cols-[minmax(0,1fr)] grid-rows-[minmax(0,1fr)]',
          hasSide && 'lg:grid-cols-[minmax(0,1fr)_24rem]',
        )}
      >
        <Tabs label="Parts of the agent" tabs={tabs} value={tab} onChange={open}>
          <Panels agent={agent} editing={editing} mayWrite={mayWrite} way={way} onOpen={open} />
        </Tabs>
        {hasSide && (
          <Playground
            agent={agent}
            className="border-l max-lg:hidden"
            note={
              editing.isChanged ? 'It answers as it was saved last: your changes are not saved.' : undefined
            }
          />
        )}
      </div>
    </div>
  )
}

interface PanelsProps {
  agent: Agent
  editing: ReturnType<typeof useEditing>
  mayWrite: boolean
  way: string | undefined
  onOpen: (tab: string) => void
}

function Panels({ agent, editing, mayWrite, way, onOpen }: PanelsProps) {
  return (
    <>
      <TabPanel value="setup" className="overflow-y-auto">
        <Setup draft={editing.draft} faults={editing.faults} disabled={!mayWrite} onChange={editing.change} />
      </TabPanel>
      <TabPanel value="knowledge" className="overflow-y-auto px-4 py-6 sm:px-6">
        <Documents
          agent={agent.id}
          mayWrite={mayWrite}
          empty={`${agent.name} has no documents. With some, it answers from them and cites each.`}
        />
      </TabPanel>
      <TabPanel value="deployments" className="overflow-y-auto">
        <DeploymentsTab
          agent={agent}
          mayWrite={mayWrite}
          way={way}
          onWay={(next) => onOpen(`deployments.${next}`)}
        />
      </TabPanel>
      <TabPanel value="versions" className="overflow-y-auto">
        <Versions agent={agent} mayWrite={mayWrite} />
      </TabPanel>
      <TabPanel value="access" className="overflow-y-auto">
        <Access agent={agent} mayWrite={mayWrite} />
      </TabPanel>
      <TabPanel value="playground" className="flex min-h-0 flex-col">
        <Playground agent={agent} className="grow" />
      </TabPanel>
    </>
  )
}

function SaveButtons({ editing }: { editing: ReturnType<typeof useEditing> }) {
  return (
    <>
      {editing.isChanged && (
        <Button look="quiet" onClick={editing.discard}>
          Discard
        </Button>
      )}
      <Button look="main" busy={editing.isSaving} disabled={!editing.isChanged} onClick={editing.save}>
        Save
      </Button>
    </>
  )
}
