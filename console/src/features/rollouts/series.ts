import { type MonitorUpdate, timeOf } from './events'
import { type Level, levelOf } from './levels'

/** A stretch of time in which a signal's level stayed. */
export interface Band {
  from: number
  to: number
  level: Level
}

/** One signal over all looks, as a chart takes it. Times are seconds of the epoch. */
export interface Series {
  signal: string
  times: number[]
  current: (number | null)[]
  baseline: (number | null)[]
  bands: Band[]
  /** As of the last look. */
  level: Level
  detail: string | undefined
}

/**
 * The signals of a watch in the order in which they were first seen. A look that does not speak
 * of a signal leaves a gap in it, so that no line is drawn over what nobody knows.
 */
export function seriesOf(looks: readonly MonitorUpdate[]): Series[] {
  const found = new Map<string, Series>()
  const seen: number[] = []
  for (const look of looks) {
    const at = timeOf(look)
    if (at === undefined) continue
    const time = Date.parse(at) / 1000
    for (const evidence of look.evidence) {
      const series = found.get(evidence.signal) ?? begin(evidence.signal, seen)
      found.set(evidence.signal, series)
      // A second word about a signal in one look has no place of its own.
      if (series.times.at(-1) === time) continue
      series.times.push(time)
      series.current.push(finite(evidence.current))
      series.baseline.push(finite(evidence.baseline))
      series.level = levelOf(evidence.level)
      series.detail = evidence.detail ?? undefined
      extend(series.bands, time, series.level)
    }
    for (const series of found.values()) {
      if (series.times.at(-1) === time) continue
      series.times.push(time)
      series.current.push(null)
      series.baseline.push(null)
      extend(series.bands, time, 'no_data')
    }
    seen.push(time)
  }
  return [...found.values()]
}

function begin(signal: string, seen: readonly number[]): Series {
  const gaps = seen.map(() => null)
  return {
    signal,
    times: [...seen],
    current: [...gaps],
    baseline: [...gaps],
    bands: [],
    level: 'unknown',
    detail: undefined,
  }
}

/** A level holds from the look that found it to the one that finds another. */
function extend(bands: Band[], time: number, level: Level) {
  const last = bands.at(-1)
  if (last) last.to = time
  if (last?.level !== level) bands.push({ from: time, to: time, level })
}

function finite(value: number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** `+38 %`, `×2.4`, `as before`: what a number is beside what was before. */
export function comparedWith(current: number | null, baseline: number | null): string | undefined {
  if (current === null || baseline === null) return undefined
  if (baseline === 0) return current === 0 ? 'as before' : 'from nothing'
  const ratio = current / baseline
  if (Math.abs(ratio - 1) < 0.005) return 'as before'
  if (ratio >= 2) return `×${ratio.toFixed(ratio < 10 ? 1 : 0)}`
  const percent = Math.round((ratio - 1) * 100)
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent)} %`
}

/** A measured number, with as many digits as say something. */
export function measured(value: number): string {
  const size = Math.abs(value)
  const digits = size === 0 || size >= 100 ? 0 : size >= 1 ? 2 : 4
  return new Intl.NumberFormat('en', { maximumFractionDigits: digits }).format(value)
}
