import { linkLook } from '@/components/ui/button'
import { CopyableId } from '@/components/ui/copy'
import type { Setup } from '@/lib/api/people'
import { type Problem, wordsFor } from '../problems'

/** The ways to log in that lead to another server and back. */
export function Issuers({ issuers, next }: { issuers: Setup['issuers']; next: string | undefined }) {
  const query = next === undefined ? '' : `?${new URLSearchParams({ return_to: next })}`
  return (
    <ul className="flex flex-col gap-2">
      {issuers.map(({ name, title }) => (
        <li key={name}>
          {/* The server answers it, and not a page of ours. */}
          <a href={`/login/oidc/${encodeURIComponent(name)}${query}`} className={linkLook('plain', 'w-full')}>
            Continue with {title}
          </a>
        </li>
      ))}
    </ul>
  )
}

/** Why somebody who comes back from there is not let in. */
export function NotLetIn({ problem, request }: { problem: Problem; request: string | undefined }) {
  const { what, advice } = wordsFor(problem)
  return (
    <div role="alert" className="flex flex-col gap-1 rounded-md bg-bad-soft px-3 py-2">
      <p>
        {what} <span className="text-muted">{advice}</span>
      </p>
      {request && (
        <p className="flex items-center gap-1 text-muted text-sm">
          Request <CopyableId id={request} whole />
        </p>
      )}
    </div>
  )
}

/** Between two kinds of ways in. */
export function Or() {
  return (
    <p className="flex items-center gap-3 text-muted text-sm before:h-px before:grow before:bg-line after:h-px after:grow after:bg-line">
      or
    </p>
  )
}
