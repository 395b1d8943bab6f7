import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { SquareArrowOutUpRight, Terminal } from 'lucide-react'
import type { ReactNode } from 'react'
import { IconButton } from '@/components/ui/button'
import { CopyableId, useCopy } from '@/components/ui/copy'
import { Page } from '@/components/ui/page'
import { ErrorState, Skeleton } from '@/components/ui/states'
import { Status } from '@/components/ui/status'
import { curl } from '@/lib/curl'
import { useFreshWith } from '@/lib/org/fresh'
import { endOf, looksOf, rollbackOf } from '../events'
import { webAddress } from '../facts'
import { ApprovalPanel } from '../parts/ApprovalPanel'
import { Facts, History, Metadata } from '../parts/Facts'
import { RollbackPanel } from '../parts/RollbackPanel'
import { Signals } from '../parts/Signals'
import { Watch } from '../parts/Watch'
import { eventsQuery, type Rollout, rolloutQuery } from '../queries'

const route = getRouteApi('/shell/rollouts/$rolloutId')
const CRUMBS = [{ label: 'Rollouts', to: '/rollouts' }]

export function RolloutPage() {
  const { rolloutId } = route.useParams()
  const { data: rollout, error, refetch } = useQuery(rolloutQuery(rolloutId))
  if (error && !rollout) {
    return (
      <Page title="Rollout" crumbs={CRUMBS}>
        <ErrorState error={error} what="The rollout could not be read" onRetry={refetch} />
      </Page>
    )
  }
  if (!rollout) {
    return (
      <Page title="Rollout" crumbs={CRUMBS}>
        <Skeleton rows={10} />
      </Page>
    )
  }
  return <Watched rollout={rollout} />
}

function Watched({ rollout }: { rollout: Rollout }) {
  const client = useQueryClient()
  const { data: events, error, refetch } = useQuery(eventsQuery(client, rollout.session_id))
  const isOurs = ({ session_id }: { session_id: string }) => session_id === rollout.session_id
  useFreshWith(['rollouts', 'one', rollout.id], isOurs)
  useFreshWith(['rollouts', 'events', rollout.session_id], isOurs)
  const looks = events ? looksOf(events) : []
  const rollback = events ? rollbackOf(events) : undefined

  return (
    <Page
      title={rollout.request}
      crumbs={CRUMBS}
      aside={<Status status={rollout.state} className="ml-2 text-sm" />}
      actions={<Actions rollout={rollout} />}
    >
      <div className="grid xl:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="min-w-0">
          {rollback && <RollbackPanel rollback={rollback} sessionId={rollout.session_id} />}
          {rollout.approval && <ApprovalPanel rollout={rollout} approval={rollout.approval} />}
          <Part title="Signals" aside={looks.length > 0 && 'dashed: what was before · bands: levels'}>
            {events ? (
              <Signals looks={looks} />
            ) : error ? (
              <ErrorState error={error} what="The monitor’s looks could not be read" onRetry={refetch} />
            ) : (
              <Skeleton rows={4} />
            )}
          </Part>
          {events && (
            <Part title="Monitor" aside={<SessionLink id={rollout.session_id} />}>
              <Watch events={events} end={endOf(events)} sessionId={rollout.session_id} />
            </Part>
          )}
        </div>
        <aside aria-label="About the rollout" className="border-t xl:border-t-0 xl:border-l">
          <Facts rollout={rollout} />
          <History rollout={rollout} />
          <Metadata rollout={rollout} />
        </aside>
      </div>
    </Page>
  )
}

function Part({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="border-b">
      <header className="flex h-10 items-center gap-3 px-4 sm:px-6">
        <h2 className="font-semibold">{title}</h2>
        <span className="ml-auto truncate text-faint text-xs">{aside}</span>
      </header>
      {children}
    </section>
  )
}

function SessionLink({ id }: { id: string }) {
  return (
    <Link
      to="/sessions/$sessionId"
      params={{ sessionId: id }}
      className="text-accent text-sm underline-offset-2 hover:underline"
    >
      Open the whole session
    </Link>
  )
}

function Actions({ rollout }: { rollout: Rollout }) {
  const [copied, copy] = useCopy()
  const address = webAddress(rollout.run_url) ?? webAddress(rollout.external_url)
  return (
    <>
      <CopyableId id={rollout.id} className="max-sm:hidden" />
      {address && (
        <a
          href={address}
          target="_blank"
          rel="noopener noreferrer"
          className="inline-flex h-8 items-center gap-1.5 rounded-md px-2 text-muted hover:bg-hover hover:text-ink"
        >
          <SquareArrowOutUpRight aria-hidden className="size-4" />
          <span className="max-sm:sr-only">Pipeline</span>
        </a>
      )}
      <IconButton
        label={copied ? 'Copied' : 'Copy as curl'}
        onClick={() => copy(curl('GET', `/v1/rollouts/${rollout.id}`))}
      >
        <Terminal />
      </IconButton>
    </>
  )
}
