import { CalendarClock, MessageSquareCode, Radar, Webhook } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { EmptyState } from '@/components/ui/states'
import { Status } from '@/components/ui/status'
import { Time } from '@/components/ui/time'
import { toast, toastError } from '@/components/ui/toast'
import { commandLine } from '@/lib/curl'
import { type Agent, type Deployment, useDeployments } from '../queries'
import { DeploymentDialog } from './DeploymentDialog'
import { DeploymentFacts } from './DeploymentFacts'
import { RunHistory } from './RunHistory'
import type { Kind } from './trigger'

const ABOUT: Record<Kind, { icon: typeof Radar; none: string; make: string }> = {
  embed: {
    icon: MessageSquareCode,
    none: 'A chat with this agent on a page of yours: one line of HTML.',
    make: 'New embed',
  },
  schedule: {
    icon: CalendarClock,
    none: 'The agent begins by itself, by the clock: a report in the morning, a look every hour.',
    make: 'New schedule',
  },
  webhook: {
    icon: Webhook,
    none: 'Another system sends a message, and the agent takes care of it.',
    make: 'New webhook',
  },
  rollout_monitor: {
    icon: Radar,
    none: 'The agent watches what your pipelines roll out, and says when something gets worse.',
    make: 'New monitor',
  },
}

const EXAMPLES: Record<Kind, object> = {
  embed: { type: 'embed', greeting: 'Hello!' },
  schedule: { type: 'schedule', expression: '0 9 * * MON-FRI' },
  webhook: { type: 'webhook' },
  rollout_monitor: { type: 'rollout_monitor' },
}

interface ListProps {
  agent: Agent
  kind: Kind
  deployments: readonly Deployment[]
  mayWrite: boolean
}

export function DeploymentList({ agent, kind, deployments, mayWrite }: ListProps) {
  const [editing, setEditing] = useState<Deployment | 'new'>()
  const { icon, none, make } = ABOUT[kind]
  const action = mayWrite && (
    <Button look="main" onClick={() => setEditing('new')}>
      {make}
    </Button>
  )
  return (
    <div className="flex flex-col gap-6">
      {deployments.length === 0 ? (
        <EmptyState
          icon={icon}
          action={action}
          command={commandLine('POST', '/v1/deployments', {
            name: agent.name,
            agent: agent.id,
            trigger: EXAMPLES[kind],
          })}
        >
          {none}
        </EmptyState>
      ) : (
        <div>{action}</div>
      )}
      {deployments.map((deployment) => (
        <OneDeployment
          key={deployment.id}
          deployment={deployment}
          mayWrite={mayWrite}
          onEdit={() => setEditing(deployment)}
        />
      ))}
      {editing !== undefined && (
        <DeploymentDialog
          agent={agent}
          kind={kind}
          deployment={editing === 'new' ? undefined : editing}
          onClose={() => setEditing(undefined)}
        />
      )}
    </div>
  )
}

interface OneProps {
  deployment: Deployment
  mayWrite: boolean
  onEdit: () => void
}

function OneDeployment({ deployment, mayWrite, onEdit }: OneProps) {
  const [isLeaving, setLeaving] = useState(false)
  const { act } = useDeployments()
  const { id, name, status } = deployment
  const isPaused = status === 'paused'
  const canRun = deployment.trigger.type === 'schedule' || deployment.trigger.type === 'rollout_monitor'
  const run = () =>
    act.mutate(
      { id, act: 'run' },
      {
        onSuccess: () => toast({ title: `${name} runs`, tone: 'good' }),
        onError: toastError('It did not begin'),
      },
    )
  return (
    <section aria-label={name} className="overflow-hidden rounded-md border">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b bg-sunken px-4 py-2">
        <h2 className="truncate font-semibold">{name}</h2>
        <Status status={status} className="text-sm" />
        {deployment.last_run_at && (
          <span className="text-faint text-sm">
            last begun <Time at={deployment.last_run_at} />
          </span>
        )}
        {mayWrite && (
          <span className="ml-auto flex flex-wrap gap-1">
            {canRun && (
              <Button look="quiet" size="sm" busy={act.isPending} onClick={run}>
                Run now
              </Button>
            )}
            <Button
              look="quiet"
              size="sm"
              onClick={() =>
                act.mutate(
                  { id, act: isPaused ? 'unpause' : 'pause' },
                  { onError: toastError(isPaused ? 'Not resumed' : 'Not paused') },
                )
              }
            >
              {isPaused ? 'Resume' : 'Pause'}
            </Button>
            <Button look="quiet" size="sm" onClick={onEdit}>
              Change
            </Button>
            <Button look="quiet" size="sm" onClick={() => setLeaving(true)}>
              Archive
            </Button>
          </span>
        )}
      </header>
      <DeploymentFacts deployment={deployment} />
      <RunHistory deployment={id} />
      <ConfirmDialog
        open={isLeaving}
        onOpenChange={setLeaving}
        title={`Archive ${name}?`}
        description="It begins nothing any more, and cannot be brought back. What it began stays readable."
        confirm="Archive"
        dangerous
        onConfirm={() => act.mutateAsync({ id, act: 'archive' })}
      />
    </section>
  )
}
