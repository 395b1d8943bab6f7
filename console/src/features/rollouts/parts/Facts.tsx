import { ChevronRight } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { CopyableId, CopyButton } from '@/components/ui/copy'
import { Status } from '@/components/ui/status'
import { Time } from '@/components/ui/time'
import { cx } from '@/lib/classes'
import { duration } from '@/lib/format'
import { environmentOf, plain, reportersOf, shortCommit, whoOf } from '../facts'
import { type Rollout, useProjects } from '../queries'

export function Facts({ rollout }: { rollout: Rollout }) {
  const { data: projects } = useProjects()
  const project = projects?.find((project) => project.id === rollout.project_id)
  const environment = environmentOf(rollout)
  const who = whoOf(rollout)
  const reporters = reportersOf(rollout)
  return (
    <dl className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-3 gap-y-2 border-b px-4 py-4 text-sm sm:px-6 xl:px-5">
      <Fact name="Project">{project?.name ?? <CopyableId id={rollout.project_id} />}</Fact>
      {rollout.repository && <Fact name="Repository">{rollout.repository}</Fact>}
      {environment && <Fact name="Environment">{environment}</Fact>}
      {rollout.commit && (
        <Fact name="Commit">
          <span className="inline-flex items-center gap-1" title={rollout.commit}>
            <span className="font-mono text-xs">{shortCommit(rollout.commit)}</span>
            <CopyButton text={rollout.commit} label="Copy the commit" />
          </span>
        </Fact>
      )}
      {rollout.commit_message && <Fact name="Message">{rollout.commit_message}</Fact>}
      {rollout.ref && <Fact name="Ref">{rollout.ref}</Fact>}
      {who && <Fact name="Who">{who}</Fact>}
      <Fact name="Reported">
        <Time at={rollout.created_at} />
        {reporters && <span className="text-muted"> by {reporters}</span>}
      </Fact>
      {rollout.changed_paths && rollout.changed_paths.length > 0 && (
        <Fact name="Changes">
          <Paths paths={rollout.changed_paths} />
        </Fact>
      )}
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="wrap-anywhere min-w-0">{children}</dd>
    </>
  )
}

const PATHS_SHOWN = 5

function Paths({ paths }: { paths: readonly string[] }) {
  const [isWhole, setIsWhole] = useState(false)
  const shown = isWhole ? paths : paths.slice(0, PATHS_SHOWN)
  return (
    <>
      <ul className="font-mono text-xs">
        {shown.map((path) => (
          <li key={path}>{path}</li>
        ))}
      </ul>
      {paths.length > shown.length && (
        <button type="button" onClick={() => setIsWhole(true)} className="mt-1 text-accent hover:underline">
          Show all {paths.length}
        </button>
      )}
    </>
  )
}

/** What the pipeline said, newest last, and how long each lasted. */
export function History({ rollout }: { rollout: Rollout }) {
  const moves = rollout.history
  return (
    <section className="border-b px-4 py-4 sm:px-6 xl:px-5">
      <h2 className="eyebrow pb-2">Status</h2>
      <ol className="flex flex-col gap-2 text-sm">
        {moves.map((move, place) => {
          const next = moves[place + 1]
          return (
            <li key={move.at} className="flex items-center gap-2">
              <Status status={move.status} />
              {next && (
                <span className="num text-faint text-xs">
                  for {duration(Date.parse(next.at) - Date.parse(move.at))}
                </span>
              )}
              <Time at={move.at} className="ml-auto text-muted" />
            </li>
          )
        })}
      </ol>
    </section>
  )
}

export function Metadata({ rollout }: { rollout: Rollout }) {
  const [isOpen, setIsOpen] = useState(false)
  const entries = Object.entries(rollout.metadata as Record<string, unknown>)
  if (entries.length === 0) return null
  return (
    <section className="px-4 py-3 sm:px-6 xl:px-5">
      <div className="flex items-center">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
          className="eyebrow flex h-7 items-center gap-1 hover:text-ink"
        >
          <ChevronRight aria-hidden className={cx('size-3.5 transition-transform', isOpen && 'rotate-90')} />
          Metadata ({entries.length})
        </button>
        <span className="ml-auto">
          <CopyButton text={JSON.stringify(rollout.metadata, null, 2)} label="Copy the metadata" />
        </span>
      </div>
      {isOpen && (
        <dl className="mt-1 text-xs">
          {entries.map(([name, value]) => (
            <div
              key={name}
              className="grid grid-cols-[7rem_minmax(0,1fr)] gap-3 border-b py-1.5 last:border-0"
            >
              <dt className="wrap-anywhere text-muted">{name}</dt>
              <dd className="wrap-anywhere max-h-40 overflow-y-auto font-mono">{plain(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  )
}
