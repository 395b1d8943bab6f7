import { lazy, Suspense, useMemo } from 'react'
import { EmptyState } from '@/components/ui/states'
import { Status } from '@/components/ui/status'
import type { MonitorUpdate } from '../events'
import { LEVEL_GROUND } from '../levels'
import { comparedWith, measured, type Series, seriesOf } from '../series'

// The chart library is only for pages that have something to draw.
const SignalChart = lazy(() => import('./SignalChart').then((module) => ({ default: module.SignalChart })))

export function Signals({ looks }: { looks: readonly MonitorUpdate[] }) {
  const signals = useMemo(() => seriesOf(looks), [looks])
  if (signals.length === 0) {
    return (
      <EmptyState command="sortie projects monitor PROJECT --set signals.json">
        {looks.length === 0
          ? 'Nothing has been looked at yet. The first look comes ten seconds after the report.'
          : 'This project has no signals, so nobody can say whether the rollout does harm. Give it some.'}
      </EmptyState>
    )
  }
  return (
    <ul className="grid gap-x-6 gap-y-5 px-4 py-4 sm:px-6 xl:grid-cols-2">
      {signals.map((series) => (
        <Signal key={series.signal} series={series} />
      ))}
    </ul>
  )
}

function Signal({ series }: { series: Series }) {
  const { signal, current, baseline, level, detail } = series
  const now = current.at(-1) ?? null
  const before = baseline.at(-1) ?? null
  const compared = comparedWith(now, before)
  return (
    <li className="min-w-0">
      <div className="flex items-baseline gap-2">
        <h3 className="truncate font-medium">{signal}</h3>
        <Status status={level} className="text-sm" />
        <span className="num ml-auto shrink-0">
          {now === null ? <span className="text-faint">no data</span> : measured(now)}
        </span>
        {compared && <span className="num shrink-0 text-faint text-sm">{compared}</span>}
      </div>
      <Strip series={series} />
      <Suspense fallback={<div className="h-37" />}>
        <SignalChart series={series} />
      </Suspense>
      <p className="num truncate text-faint text-xs" title={detail}>
        {before === null ? 'Nothing is known of before' : `${measured(before)} before`}
        {detail && ` · ${detail}`}
      </p>
    </li>
  )
}

/** The levels alone, in a line: what the bands say, without the numbers. */
function Strip({ series: { times, bands } }: { series: Series }) {
  const first = times[0]
  const last = times.at(-1)
  if (first === undefined || last === undefined || last === first) return null
  return (
    <div aria-hidden className="mt-1.5 flex h-1 gap-px overflow-hidden rounded-full">
      {bands.map((band) => (
        <span
          key={band.from}
          className={LEVEL_GROUND[band.level]}
          style={{ flexGrow: Math.max(band.to - band.from, (last - first) / 200) }}
        />
      ))}
    </div>
  )
}
