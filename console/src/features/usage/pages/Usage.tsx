import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChartColumn, Download } from 'lucide-react'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { Button, linkLook } from '@/components/ui/button'
import { Input, Select } from '@/components/ui/field'
import { Loaded } from '@/components/ui/loaded'
import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { toastError } from '@/components/ui/toast'
import { useLogin } from '@/lib/api/login'
import type { UsageBy, UsageReport } from '@/lib/api/people'
import { cx } from '@/lib/classes'
import { commandLine } from '@/lib/curl'
import { count, duration, money, tokens } from '@/lib/format'
import { lastDays, type Measure, monthOf, rangeFault, today } from '../parts/days'
import { UsageTable } from '../parts/UsageTable'
import { type Range, usageCsv, usageQuery } from '../queries'

const DayChart = lazy(() => import('../parts/DayChart').then((part) => ({ default: part.DayChart })))

type Preset = '7' | '30' | '90' | 'month' | 'own'

const BY: [UsageBy, string][] = [
  ['agent', 'By agent'],
  ['key', 'By key'],
  ['model', 'By model'],
  ['project', 'By project'],
  ['day', 'By day'],
]

/** What was used, by day as a chart, and by whom as a table. */
export function Usage() {
  const { org } = useLogin()
  const end = today(org.time_zone)
  const [preset, setPreset] = useState<Preset>('30')
  const [range, setRange] = useState<Range>(() => lastDays(30, end))
  const [by, setBy] = useState<UsageBy>('agent')
  const fault = rangeFault(range)
  const days = useQuery({ ...usageQuery('day', range), enabled: fault === undefined })
  const choose = (next: Preset) => {
    setPreset(next)
    if (next === 'month') setRange(monthOf(end))
    else if (next !== 'own') setRange(lastDays(Number(next), end))
  }
  return (
    <Page title="Usage" actions={<CsvButton by={by} range={range} disabled={fault !== undefined} />}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b px-4 py-2 sm:px-6">
        <Select
          aria-label="Which days"
          className="w-auto!"
          value={preset}
          onChange={(event) => choose(event.target.value as Preset)}
        >
          <option value="7">Last 7 days</option>
          <option value="30">Last 30 days</option>
          <option value="90">Last 90 days</option>
          <option value="month">This month</option>
          <option value="own">Between two days</option>
        </Select>
        {preset === 'own' && <OwnRange range={range} end={end} onChange={setRange} />}
        {fault ? (
          <p role="alert" className="text-bad text-sm">
            {fault}
          </p>
        ) : (
          <p className="text-faint text-sm">Days of {org.time_zone}</p>
        )}
      </div>
      {/* Of days that are none nothing is asked, and nothing is on its way. */}
      {fault === undefined && (
        <Loaded query={days} what="The usage was not read">
          {(report) =>
            report.total.runs === 0 ? (
              <NothingUsed />
            ) : (
              <Used report={report} by={by} onBy={setBy} range={range} />
            )
          }
        </Loaded>
      )}
    </Page>
  )
}

interface UsedProps {
  report: UsageReport
  by: UsageBy
  onBy: (by: UsageBy) => void
  range: Range
}

function Used({ report, by, onBy, range }: UsedProps) {
  const [measure, setMeasure] = useState<Measure>('tokens')
  return (
    <>
      <Totals report={report} measure={measure} onMeasure={setMeasure} />
      <div className="border-b px-4 py-4 sm:px-6">
        <Suspense fallback={<div className="h-[220px]" />}>
          <DayChart report={report} measure={measure} />
        </Suspense>
      </div>
      <div className="flex items-center gap-3 px-4 pt-4 pb-2 sm:px-6">
        <Select
          aria-label="Told apart"
          className="w-auto!"
          value={by}
          onChange={(event) => onBy(event.target.value as UsageBy)}
        >
          {BY.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </div>
      <UsageTable by={by} range={range} measure={measure} />
    </>
  )
}

function NothingUsed() {
  return (
    <EmptyState
      icon={ChartColumn}
      action={
        <Link to="/agents" className={linkLook('main')}>
          Talk to an agent
        </Link>
      }
      command={commandLine('GET', '/v1/usage?by=agent')}
    >
      Nothing ran in these days. Whatever runs is counted here the moment it ends.
    </EmptyState>
  )
}

function OwnRange({ range, end, onChange }: { range: Range; end: string; onChange: (range: Range) => void }) {
  return (
    <span className="flex items-center gap-2">
      <Input
        type="date"
        aria-label="First day"
        className="num w-36"
        max={range.to}
        value={range.from}
        onChange={(event) => onChange({ ...range, from: event.target.value })}
      />
      <span className="text-faint">to</span>
      <Input
        type="date"
        aria-label="Last day"
        className="num w-36"
        min={range.from}
        max={end}
        value={range.to}
        onChange={(event) => onChange({ ...range, to: event.target.value })}
      />
    </span>
  )
}

interface TotalsProps {
  report: UsageReport
  measure: Measure
  onMeasure: (measure: Measure) => void
}

/** The sums, of which three choose what the chart shows. */
function Totals({ report, measure, onMeasure }: TotalsProps) {
  const { total } = report
  const read = total.input_tokens + total.cache_read_input_tokens + total.cache_creation_input_tokens
  const cached = read === 0 ? 0 : Math.round((100 * total.cache_read_input_tokens) / read)
  const all: [Measure, string, string, ReactNode][] = [
    [
      'tokens',
      'Tokens',
      tokens(total.input_tokens + total.output_tokens),
      `${tokens(total.input_tokens)} in, ${tokens(total.output_tokens)} out${cached > 0 ? `, ${cached}% cached` : ''}`,
    ],
    [
      'cost',
      'Cost',
      money(total.list_cost),
      total.list_cost ? 'by the operator’s prices' : 'no model has a price',
    ],
    [
      'runs',
      'Runs',
      count(total.runs),
      `${count(total.model_calls)} model calls, ${count(total.tool_calls)} tool calls`,
    ],
  ]
  return (
    <div className="grid grid-cols-2 border-b sm:grid-cols-4">
      {all.map(([value, label, sum, about]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === measure}
          onClick={() => onMeasure(value)}
          className={cx(
            'flex flex-col gap-0.5 border-r px-4 py-3 text-left hover:bg-hover max-sm:border-b sm:px-6',
            value === measure && 'bg-selected',
          )}
        >
          <span className="eyebrow">{label}</span>
          <span className="num font-semibold text-xl">{sum}</span>
          <span className="num text-muted text-xs">{about}</span>
        </button>
      ))}
      <div className="flex flex-col gap-0.5 px-4 py-3 sm:px-6">
        <span className="eyebrow">Work</span>
        <span className="num font-semibold text-xl">{duration(total.active_seconds * 1000)}</span>
        <span className="text-muted text-xs">waiting does not count</span>
      </div>
    </div>
  )
}

function CsvButton({ by, range, disabled }: { by: UsageBy; range: Range; disabled: boolean }) {
  const load = useMutation({
    mutationFn: () => usageCsv(by, range),
    onSuccess: (text) => save(text, `usage-by-${by}-${range.from}-${range.to}.csv`),
    onError: toastError('The table was not made'),
  })
  return (
    <Button busy={load.isPending} disabled={disabled} onClick={() => load.mutate()}>
      <Download aria-hidden className="size-4" /> CSV
    </Button>
  )
}

function save(text: string, name: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
