import type { UsageReport, UsageRow } from '@/lib/api/people'
import type { Range } from '../queries'

const DAY = 86_400_000

/** Today in a time zone, as `2026-11-22`. */
export function today(zone: string, now = Date.now()): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' }).format(now)
}

/** The last so many days, today included. */
export function lastDays(days: number, end: string): Range {
  return { from: iso(Date.parse(end) - (days - 1) * DAY), to: end }
}

export function monthOf(end: string): Range {
  return { from: `${end.slice(0, 7)}-01`, to: end }
}

export function daysBetween({ from, to }: Range): string[] {
  const days: string[] = []
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY) days.push(iso(at))
  return days
}

/** What is wrong with a range that was typed. */
export function rangeFault({ from, to }: Range): string | undefined {
  if (Number.isNaN(Date.parse(from)) || Number.isNaN(Date.parse(to))) return 'Choose both days.'
  if (from > to) return 'The first day is after the last.'
  if (Date.parse(to) - Date.parse(from) >= 400 * DAY) return 'At most 400 days.'
  return undefined
}

export type Measure = 'tokens' | 'cost' | 'runs'

export function measured(
  row: Pick<UsageRow, 'input_tokens' | 'output_tokens' | 'list_cost' | 'runs'>,
  measure: Measure,
): number {
  if (measure === 'tokens') return row.input_tokens + row.output_tokens
  return measure === 'cost' ? Number(row.list_cost?.amount ?? 0) : row.runs
}

/** A column for each day of the report, also for those without any use: seconds, then the values. */
export function columns(report: UsageReport, measure: Measure): [number[], number[]] {
  const known = new Map(report.data.map((row) => [row.day, measured(row, measure)]))
  const days = daysBetween(report)
  return [days.map((day) => Date.parse(day) / 1000), days.map((day) => known.get(day) ?? 0)]
}

function iso(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
