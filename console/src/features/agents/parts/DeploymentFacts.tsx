import type { ReactNode } from 'react'
import { CodeLine } from '@/components/ui/copy'
import { absolute, duration } from '@/lib/format'
import type { Deployment } from '../queries'
import { cronWords } from './cron'
import { monitorOf } from './monitor'
import { embedSnippet, firstMessage, hookOf, iframeSnippet, isEmbed, isMonitor } from './trigger'

/** What a deployment does, and what to copy from it. */
export function DeploymentFacts({ deployment }: { deployment: Deployment }) {
  const message = firstMessage(deployment)
  return (
    <dl className="grid gap-x-4 gap-y-2.5 px-4 py-3 text-sm sm:grid-cols-[8rem_minmax(0,1fr)] sm:gap-y-2">
      <KindFacts deployment={deployment} />
      {message && (
        <Fact name="First message">
          <span className="line-clamp-4 whitespace-pre-wrap">{message}</span>
        </Fact>
      )}
    </dl>
  )
}

function KindFacts({ deployment }: { deployment: Deployment }) {
  const { trigger } = deployment
  if (deployment.schedule) return <ScheduleFacts schedule={deployment.schedule} />
  if (isEmbed(trigger)) return <EmbedFacts id={deployment.id} trigger={trigger} />
  if (isMonitor(trigger)) return <MonitorFacts trigger={trigger} />
  return <HookFacts deployment={deployment} />
}

function ScheduleFacts({ schedule }: { schedule: NonNullable<Deployment['schedule']> }) {
  const words = cronWords(schedule.expression)
  return (
    <>
      <Fact name="When">
        {words && <span className="mr-2 first-letter:uppercase inline-block">{words}</span>}
        <code className="font-mono text-muted text-xs">{schedule.expression}</code>
        <span className="text-muted"> in {schedule.timezone}</span>
      </Fact>
      <Fact name="Next">
        {schedule.upcoming_runs_at.length === 0 && <span className="text-muted">never</span>}
        <ul className="num">
          {schedule.upcoming_runs_at.slice(0, 3).map((at) => (
            <li key={at}>
              <time dateTime={at}>{absolute(at)}</time>
            </li>
          ))}
        </ul>
      </Fact>
    </>
  )
}

function EmbedFacts({
  id,
  trigger,
}: {
  id: string
  trigger: Extract<Deployment['trigger'], { type: 'embed' }>
}) {
  const sites = trigger.allowed_origins.join(', ')
  return (
    <>
      <Fact name="Floating chat">
        <CodeLine text={embedSnippet(location.origin, id)} />
      </Fact>
      <Fact name="Within a page">
        <CodeLine text={iframeSnippet(location.origin, id)} />
      </Fact>
      <Fact name="Sites">
        {sites || (trigger.secure ? 'none yet: add the origins that may show it' : 'any')}
      </Fact>
      <Fact name="Visitors">
        {trigger.secure ? 'verified only: each needs a token that your back end asks for' : 'anybody'}
      </Fact>
      {trigger.greeting && <Fact name="Greeting">{trigger.greeting}</Fact>}
      {trigger.starters.length > 0 && <Fact name="Starters">{trigger.starters.join(' · ')}</Fact>}
      <Fact name="Theme">{trigger.theme ?? 'auto'}</Fact>
    </>
  )
}

function HookFacts({ deployment }: { deployment: Deployment }) {
  const hook = hookOf(deployment)
  if (!hook) return null
  return (
    <>
      <Fact name="Address">
        <CodeLine text={`${location.origin}${hook.path}`} />
      </Fact>
      <Fact name="Who may send">
        {hook.signature
          ? `messages signed as ${hook.signature.scheme === 'github' ? 'GitHub’s' : 'Standard Webhooks'}`
          : hook.requires_key
            ? 'whoever has an API key'
            : 'whoever knows the address'}
      </Fact>
      <Fact name="It is told">
        {hook.template ? (
          <code className="whitespace-pre-wrap font-mono text-xs">{hook.template}</code>
        ) : (
          'the whole message, set apart as data'
        )}
      </Fact>
      <Fact name="Answers">{hook.returns_results ? 'when the run has ended' : 'at once'}</Fact>
    </>
  )
}

function MonitorFacts({ trigger }: { trigger: Extract<Deployment['trigger'], { type: 'rollout_monitor' }> }) {
  const monitor = monitorOf(trigger.monitor)
  const { schedule, rollback, signals } = monitor
  return (
    <>
      <Fact name="Rollouts">{trigger.project_id ?? 'of all projects that have no monitor of their own'}</Fact>
      <Fact name="Looks">
        {schedule?.gaps && `after ${schedule.gaps.map((gap) => duration(gap * 1000)).join(', ')}, then `}
        {schedule?.every ? `every ${duration(schedule.every * 1000)}` : 'by the usual schedule'}
      </Fact>
      <Fact name="Signals">
        {signals.length === 0 ? (
          <span className="text-muted">none: each rollout ends as not verified</span>
        ) : (
          signals.map((signal) => signal.name).join(', ')
        )}
      </Fact>
      <Fact name="Rollback">
        {!rollback || rollback.policy === 'off'
          ? 'off'
          : `${rollback.policy === 'automatic' ? 'at once' : 'proposed'} by ${rollback.tool ?? 'a tool'} after ${rollback.after ?? 2} critical looks`}
      </Fact>
    </>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-faint max-sm:-mb-2">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  )
}
