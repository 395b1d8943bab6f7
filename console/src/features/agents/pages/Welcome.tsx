import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Button, linkLook } from '@/components/ui/button'
import { Listing } from '@/components/ui/loaded'
import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { useLogin } from '@/lib/api/login'
import { commandLine } from '@/lib/curl'
import { KeyDialog } from '../parts/KeyDialog'
import { Playground } from '../parts/Playground'
import { Samples } from '../parts/Samples'
import { SmallModel } from '../parts/SmallModel'
import { type Agent, agentsQuery } from '../queries'

/** The first page that an owner sees: talk to the agent, then call it from a program. */
export function Welcome() {
  const { org } = useLogin()
  const agents = useQuery(agentsQuery(false))
  return (
    <Page title={`Welcome to ${org.name}`}>
      <Listing query={agents} rows={agents.data} what="The agents were not read" empty={<NoAgent />}>
        {(all) => <First agents={all} />}
      </Listing>
    </Page>
  )
}

function NoAgent() {
  return (
    <EmptyState
      action={
        <Link to="/agents/new" className={linkLook('main')}>
          New agent
        </Link>
      }
      command={commandLine('POST', '/v1/agents', { name: 'assistant', model: 'local/default' })}
    >
      There is no agent yet.
    </EmptyState>
  )
}

function First({ agents }: { agents: readonly Agent[] }) {
  const agent = agents.find((one) => one.name === 'assistant') ?? agents[0]
  return agent && <Steps agent={agent} />
}

function Steps({ agent }: { agent: Agent }) {
  const [key, setKey] = useState<string>()
  const [isMaking, setMaking] = useState(false)
  return (
    <ol className="mx-auto flex max-w-3xl flex-col gap-8 px-4 py-8 sm:px-6">
      <Step number={1} title={`Talk to ${agent.name}`}>
        <Playground
          agent={agent}
          className="h-96 overflow-hidden rounded-md border"
          greeting={
            <div className="flex flex-col items-center gap-2">
              <p className="font-medium">Say hello.</p>
              <SmallModel model={agent.model.id} />
            </div>
          }
        />
      </Step>
      <Step number={2} title="Use it from your program">
        <p className="text-muted">
          A program proves itself with a key.{' '}
          {key
            ? 'Yours is in the sample below for as long as you stay on this page.'
            : 'Make one, and the sample below is ready to run.'}
        </p>
        {!key && (
          <div>
            <Button look="main" onClick={() => setMaking(true)}>
              Create API key
            </Button>
          </div>
        )}
        <Samples agent={agent.id} apiKey={key} />
      </Step>
      <Step number={3} title="Watch it live">
        <p className="text-muted">
          Every call is a session.{' '}
          <Link to="/" className="text-accent underline underline-offset-2">
            Mission Control
          </Link>{' '}
          shows it while it runs: what it thinks, what it does, what it costs.
        </p>
      </Step>
      <Step number={4} title="Put it on a page">
        <p className="text-muted">
          A chat with {agent.name} is one line of HTML, on any page of yours:{' '}
          <Link
            to="/agents/$agentId/edit"
            params={{ agentId: agent.id }}
            search={{ tab: 'deployments.embed' }}
            className="text-accent underline underline-offset-2"
          >
            make an embed
          </Link>
          . Schedules, webhooks and rollout monitors are made at the same place.
        </p>
      </Step>
      <KeyDialog open={isMaking} onOpenChange={setMaking} onMade={setKey} name="My first program" />
    </ol>
  )
}

function Step({ number, title, children }: { number: number; title: string; children: React.ReactNode }) {
  return (
    <li className="grid gap-x-4 gap-y-3 sm:grid-cols-[1.75rem_minmax(0,1fr)]">
      <span
        aria-hidden
        className="num flex size-7 items-center justify-center rounded-full bg-selected font-medium text-accent text-sm"
      >
        {number}
      </span>
      <div className="flex min-w-0 flex-col gap-3">
        <h2 className="pt-1 font-semibold">{title}</h2>
        {children}
      </div>
    </li>
  )
}
