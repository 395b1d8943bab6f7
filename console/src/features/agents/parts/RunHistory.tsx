import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { Listing } from '@/components/ui/loaded'
import { Status } from '@/components/ui/status'
import { Time } from '@/components/ui/time'
import type { Schemas } from '@/lib/api/client'
import { words } from '@/lib/format'
import { runsOfQuery } from '../queries'

/** What a deployment began, each with its session; read when it is opened. */
export function RunHistory({ deployment }: { deployment: string }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details className="group border-t" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="flex h-9 list-none items-center gap-1.5 px-4 text-muted text-sm hover:text-ink">
        <ChevronRight aria-hidden className="size-3.5 transition-transform group-open:rotate-90" />
        What it began
      </summary>
      {isOpen && <Runs deployment={deployment} />}
    </details>
  )
}

function Runs({ deployment }: { deployment: string }) {
  const runs = useQuery(runsOfQuery(deployment))
  return (
    <Listing
      query={runs}
      rows={runs.data?.data}
      what="Its runs were not read"
      empty={<p className="px-4 pb-3 text-muted text-sm">It has begun nothing yet.</p>}
    >
      {(rows) => (
        <ul className="divide-y border-t">
          {rows.map((run) => (
            <Begun key={run.id} run={run} />
          ))}
        </ul>
      )}
    </Listing>
  )
}

function Begun({ run }: { run: Schemas['DeploymentRunView'] }) {
  return (
    <li className="flex min-h-9 flex-wrap items-center gap-x-3 px-4 py-1 text-sm">
      <Status status={run.error ? 'failed' : 'completed'} word={outcomeOf(run)} />
      <span className="text-muted">{words(run.trigger_context.type)}</span>
      {run.error && <span className="min-w-0 flex-1 truncate text-muted">{run.error.message}</span>}
      <Time at={run.created_at} className="ml-auto text-faint" />
      {run.session_id && (
        <Link
          to="/sessions/$sessionId"
          params={{ sessionId: run.session_id }}
          className="text-accent hover:underline"
        >
          Open the session
        </Link>
      )}
    </li>
  )
}

function outcomeOf(run: Schemas['DeploymentRunView']): string {
  if (run.error) return 'not begun'
  return run.filtered ? 'filtered out' : 'begun'
}
