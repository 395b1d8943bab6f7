import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { CodeBlock, CopyableId } from '@/components/ui/copy'
import { ErrorState, Skeleton } from '@/components/ui/states'
import { Badge } from '@/components/ui/status'
import { Time } from '@/components/ui/time'
import type { ApprovalItem, AskingCall, AskingRollout } from '@/lib/api/people'
import { curl } from '@/lib/curl'
import { plural, words } from '@/lib/format'
import { callOf } from '../call'
import { rolloutQuery, useHttpTool, wholeInputQuery } from '../queries'

/** Everything that whoever decides wants to see. */
export function Detail({ item }: { item: ApprovalItem }) {
  return item.type === 'tool_call' ? <CallDetail item={item} /> : <RolloutDetail item={item} />
}

const EFFECTS: Record<AskingCall['effect'], [string, 'good' | 'warn' | 'bad']> = {
  read: ['read: changes nothing', 'good'],
  idempotent: ['idempotent: may be repeated', 'warn'],
  unsafe: ['unsafe: may not be undone', 'bad'],
}

const RULES: Record<string, string> = {
  always_ask: 'The agent has a person asked each time.',
  auto: 'A model judges its calls; it left this one to a person, or there is none to judge.',
}

function CallDetail({ item }: { item: AskingCall }) {
  const whole = useQuery(wholeInputQuery(item))
  const input = item.input_beginning === null ? item.input : whole.data
  const [effect, tone] = EFFECTS[item.effect]
  return (
    <>
      <Facts>
        <Fact name="Effect">
          <Badge tone={tone}>{effect}</Badge>
        </Fact>
        <Fact name="Why">
          {item.why === 'resolution'
            ? 'It was under way when its worker stopped, and may have happened. Look there, then say.'
            : (RULES[item.permission_policy.type] ?? words(item.permission_policy.type))}
        </Fact>
        <Fact name="Who decides">
          Members, admins and owners; of a rollback only owners and those whom its policy names.
        </Fact>
        <Fact name="Since">
          <Time at={item.since} />
        </Fact>
        <Fact name="Expires">Never by itself; a proposed rollback after a day.</Fact>
        <Fact name="Agent">{item.agent.name ?? <CopyableId id={item.agent.id} />}</Fact>
        <Fact name="Session">
          <SessionLink id={item.session_id}>{item.session_title ?? 'Untitled'}</SessionLink>
        </Fact>
      </Facts>
      {item.input_beginning !== null && whole.isPending ? (
        <Skeleton rows={3} />
      ) : whole.isError ? (
        <ErrorState
          error={whole.error}
          what="The whole arguments could not be read"
          onRetry={whole.refetch}
        />
      ) : (
        <Request item={item} input={input} />
      )}
      <Curl item={item} />
    </>
  )
}

/** What exactly is called. A tool that is none over HTTP is called by its name, with its arguments. */
function Request({ item, input }: { item: AskingCall; input: unknown }) {
  const { data: tool } = useHttpTool(item)
  const call = tool ? callOf(tool, input) : undefined
  return (
    <div className="flex flex-col gap-3">
      {call && (
        <div className="wrap-anywhere flex items-start gap-2 rounded-md border bg-sunken px-3 py-2 font-mono text-xs leading-5">
          <span className="font-semibold text-accent">{call.method}</span>
          <span>{call.url}</span>
        </div>
      )}
      {tool?.description && <p className="text-muted text-sm">{tool.description}</p>}
      <CodeBlock title={`Arguments of ${item.name}`} text={JSON.stringify(input, null, 2) ?? 'none'} />
      {call?.body && Object.keys(call.body).length < Object.keys(input as object).length && (
        <CodeBlock title="Body of the request" text={JSON.stringify(call.body, null, 2)} />
      )}
      {tool && Object.keys(tool.headers).length > 0 && (
        <p className="text-faint text-sm">
          With the header{Object.keys(tool.headers).length > 1 && 's'} {Object.keys(tool.headers).join(', ')},
          whose values are kept secret.
        </p>
      )}
    </div>
  )
}

function RolloutDetail({ item }: { item: AskingRollout }) {
  const { data: rollout, error, refetch } = useQuery(rolloutQuery(item))
  const approval = rollout?.approval
  return (
    <>
      <Facts>
        <Fact name="Commit">
          {item.commit ? <CopyableId id={item.commit} whole /> : 'not told'}
          {rollout?.commit_message && <span className="text-muted"> {rollout.commit_message}</span>}
        </Fact>
        {item.ref && <Fact name="Ref">{item.ref}</Fact>}
        {rollout?.repository && <Fact name="Repository">{rollout.repository}</Fact>}
        <Fact name="Rules">{item.rules.join(', ')}</Fact>
        <Fact name="Missing">{plural(item.still_needed, 'approval')}</Fact>
        <Fact name="Who decides">
          {approval
            ? [...new Set(approval.rules.map(approversOf))].join('; ')
            : 'Whoever the rules name; owners and admins if they name nobody.'}
        </Fact>
        <Fact name="Since">
          <Time at={item.since} />
        </Fact>
        <Fact name="Expires">
          <Time at={item.expires_at} />, and is rejected then
        </Fact>
        <Fact name="Rollout">
          <Link
            to="/rollouts/$rolloutId"
            params={{ rolloutId: item.rollout_id }}
            className="text-accent underline-offset-2 hover:underline"
          >
            Open its page
          </Link>
        </Fact>
      </Facts>
      {error && <ErrorState error={error} what="The rollout could not be read" onRetry={refetch} />}
      {rollout?.changed_paths && rollout.changed_paths.length > 0 && (
        <CodeBlock
          title={`Changes ${plural(rollout.changed_paths.length, 'path')}`}
          text={rollout.changed_paths.join('\n')}
        />
      )}
      <Curl item={item} />
    </>
  )
}

interface Asks {
  name: string
  approvers: { members?: string[]; roles?: string[] }
  min_count: number
  allow_own: boolean
}

function approversOf({ name, approvers, min_count, allow_own }: Asks): string {
  const roles = (approvers.roles ?? []).map((role) => `every ${role}`)
  const named = approvers.members?.length
    ? [plural(approvers.members.length, 'named person', 'named people')]
    : []
  const who = [...roles, ...named].join(' and ') || 'owners and admins'
  return `${name}: ${min_count} of ${who}${allow_own ? '' : ', but not who reported it'}`
}

function Curl({ item }: { item: ApprovalItem }) {
  const { method, path, body } = item.decide.yes
  return (
    <details className="text-sm">
      <summary className="text-muted hover:text-ink">The same from a shell</summary>
      <CodeBlock title="Says yes" text={curl(method, path, body)} className="mt-2" />
    </details>
  )
}

function SessionLink({ id, children }: { id: string; children: ReactNode }) {
  return (
    <Link
      to="/sessions/$sessionId"
      params={{ sessionId: id }}
      className="text-accent underline-offset-2 hover:underline"
    >
      {children}
    </Link>
  )
}

function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-3 gap-y-2">{children}</dl>
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="wrap-anywhere min-w-0">{children}</dd>
    </>
  )
}
