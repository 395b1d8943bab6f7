import { getRouteApi } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useEffect } from 'react'
import { useTitle } from '@/components/ui/page'
import { Skeleton } from '@/components/ui/states'
import { cx } from '@/lib/classes'
import { atLeisure } from '@/lib/leisure'
import { FilterBar } from '../parts/FilterBar'
import { Divider, usePaneWidth } from '../parts/Panes'
import { SessionList } from '../parts/SessionList'
import { type Filters, useLiveLists } from '../rows'

const route = getRouteApi('/shell/')

// The list comes first; what shows a session is ten times as much code.
const frame = () => import('../parts/SessionFrame')
const SessionFrame = lazy(async () => ({ default: (await frame()).SessionFrame }))

interface Search extends Omit<Filters, 'state'> {
  session?: string
}

function withSession({ session: _, ...rest }: Search, id: string | undefined): Search {
  return id === undefined ? rest : { ...rest, session: id }
}

/** All sessions, live: the list, and beside it the one that is chosen. */
export function MissionControl() {
  const { session, ...filters }: Search = route.useSearch()
  const navigate = route.useNavigate()
  const pane = usePaneWidth('list', 400, 300, 720)
  useLiveLists()
  useTitle('Mission Control')
  useEffect(() => atLeisure(frame), [])
  const choose = useCallback(
    (id: string | undefined) =>
      void navigate({
        search: (search: Search) => withSession(search, id),
      }),
    [navigate],
  )
  return (
    <div className="flex h-full min-h-0">
      <section
        aria-label="Sessions"
        style={{ '--pane': `${pane.width}px` } as React.CSSProperties}
        className={cx(
          '@container flex min-h-0 flex-col',
          session ? 'w-(--pane) shrink-0 max-lg:hidden' : 'min-w-0 grow',
        )}
      >
        <FilterBar filters={filters} />
        <SessionList filters={filters} chosen={session} onChoose={choose} />
      </section>
      {session && (
        <>
          <Divider pane={pane} side="left" label="Width of the list" />
          <section aria-label="The chosen session" className="min-w-0 grow">
            <Suspense fallback={<Skeleton rows={8} className="pt-4" />}>
              <SessionFrame key={session} sessionId={session} onClose={() => choose(undefined)} />
            </Suspense>
          </section>
        </>
      )}
    </div>
  )
}
