import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { Button } from '@/components/ui/button'
import { CodeLine } from '@/components/ui/copy'
import { Loaded } from '@/components/ui/loaded'
import { type Agent, type Deployment, deploymentsQuery } from '../queries'
import { DeploymentList } from './DeploymentList'
import { KeyDialog } from './KeyDialog'
import { Choice, Samples } from './Samples'
import type { Kind } from './trigger'

type Place = 'api' | Kind

const PLACES: { value: Place; label: string }[] = [
  { value: 'api', label: 'Deploy via API' },
  { value: 'embed', label: 'Embed' },
  { value: 'schedule', label: 'Schedule' },
  { value: 'webhook', label: 'Webhook' },
  { value: 'rollout_monitor', label: 'Rollout monitor' },
]

interface TabProps {
  agent: Agent
  mayWrite: boolean
  way: string | undefined
  onWay: (way: string) => void
}

/** The ways in which an agent is put to use. */
export function DeploymentsTab({ agent, mayWrite, way, onWay }: TabProps) {
  const place = PLACES.find((one) => one.value === way)?.value ?? 'api'
  return (
    <div className="mx-auto flex max-w-4xl flex-col gap-6 px-4 py-5 sm:px-6">
      <Choice label="Way to deploy" options={PLACES} value={place} onChange={onWay} />
      {place === 'api' ? (
        <DeployApi agent={agent} mayWrite={mayWrite} />
      ) : (
        <Deployments key={place} agent={agent} kind={place} mayWrite={mayWrite && !agent.archived_at} />
      )}
    </div>
  )
}

function Deployments({ agent, kind, mayWrite }: { agent: Agent; kind: Kind; mayWrite: boolean }) {
  const all = useQuery(deploymentsQuery)
  const isOwn = (one: Deployment) => one.agent.id === agent.id && one.trigger.type === kind
  return (
    <Loaded query={all} what="The deployments were not read" rows={4}>
      {(found) => (
        <DeploymentList agent={agent} kind={kind} deployments={found.filter(isOwn)} mayWrite={mayWrite} />
      )}
    </Loaded>
  )
}

/** Setup steps and samples: agent id, key, program. */
function DeployApi({ agent, mayWrite }: { agent: Agent; mayWrite: boolean }) {
  const [key, setKey] = useState<string>()
  const [isMaking, setMaking] = useState(false)
  return (
    <ol className="flex flex-col gap-7">
      <Step number={1} title="Note the agent’s id">
        <div className="max-w-md">
          <CodeLine text={agent.id} />
        </div>
      </Step>
      <Step number={2} title="Make an API key">
        <p className="text-muted">
          Keys are made under{' '}
          <Link to="/settings/api" className="text-accent underline underline-offset-2">
            API Keys
          </Link>{' '}
          in the organization’s settings, or right here. A key acts as you and is shown once.
        </p>
        {key ? (
          <p className="text-good">Your new key is in the sample below, for as long as this page is open.</p>
        ) : (
          mayWrite && (
            <div>
              <Button onClick={() => setMaking(true)}>Create API key</Button>
            </div>
          )
        )}
      </Step>
      <Step number={3} title="Call it">
        <Samples agent={agent.id} apiKey={key} />
      </Step>
      <Step number={4} title="Watch what it does">
        <p className="text-muted">
          Each call is a session in{' '}
          <Link to="/" className="text-accent underline underline-offset-2">
            Mission Control
          </Link>
          . Every call of every API is described at{' '}
          <a href="/docs" className="text-accent underline underline-offset-2">
            /docs
          </a>
          .
        </p>
      </Step>
      <KeyDialog
        open={isMaking}
        onOpenChange={setMaking}
        onMade={setKey}
        name={`Program for ${agent.name}`}
      />
    </ol>
  )
}

function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <li className="grid grid-cols-[1.5rem_minmax(0,1fr)] gap-x-3">
      <span
        aria-hidden
        className="num flex size-6 items-center justify-center rounded-full bg-selected font-medium text-accent text-xs"
      >
        {number}
      </span>
      <div className="flex min-w-0 flex-col gap-3">
        <h2 className="pt-0.5 font-semibold">{title}</h2>
        {children}
      </div>
    </li>
  )
}
