import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Loaded } from '@/components/ui/loaded'
import type { UsageBy, UsageReport, UsageRow } from '@/lib/api/people'
import { count, money, shortId, tokens } from '@/lib/format'
import { type Range, usageQuery } from '../queries'
import { type Measure, measured } from './days'

/** Who used how much, the largest first, with a bar for the share. */
export function UsageTable({ by, range, measure }: { by: UsageBy; range: Range; measure: Measure }) {
  const report = useQuery(usageQuery(by, range))
  return (
    <Loaded query={report} what="The table was not read" rows={4}>
      {(read) => <Rows report={read} measure={measure} />}
    </Loaded>
  )
}

function Rows({ report, measure }: { report: UsageReport; measure: Measure }) {
  const most = Math.max(...report.data.map((row) => measured(row, measure)), 0)
  return (
    <div className="overflow-x-auto px-4 pb-8 sm:px-6">
      <table className="w-full text-sm">
        <thead>
          <tr className="h-8 border-b text-left">
            <th className="eyebrow">{HEADS[report.by]}</th>
            <th className="eyebrow w-40 max-sm:hidden">
              <span className="sr-only">Share</span>
            </th>
            <th className="eyebrow text-right">Runs</th>
            <th className="eyebrow text-right max-sm:hidden">Model calls</th>
            <th className="eyebrow pl-3 text-right">In</th>
            <th className="eyebrow pl-3 text-right max-sm:hidden">Out</th>
            <th className="eyebrow pl-3 text-right max-sm:hidden">From cache</th>
            <th className="eyebrow pl-3 text-right">Cost</th>
          </tr>
        </thead>
        <tbody>
          {report.data.map((row) => (
            <tr key={keyOf(row)} className="h-9 border-b hover:bg-hover">
              <td className="max-w-32 truncate py-1 pr-3 sm:max-w-80">{nameOf(row)}</td>
              <td className="pr-6 max-sm:hidden">
                <Share part={most === 0 ? 0 : measured(row, measure) / most} />
              </td>
              <td className="num text-right">{count(row.runs)}</td>
              <td className="num text-right max-sm:hidden">{count(row.model_calls)}</td>
              <td className="num pl-3 text-right">{tokens(row.input_tokens)}</td>
              <td className="num pl-3 text-right max-sm:hidden">{tokens(row.output_tokens)}</td>
              <td className="num pl-3 text-right max-sm:hidden">{tokens(row.cache_read_input_tokens)}</td>
              <td className="num pl-3 text-right">{money(row.list_cost)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {report.truncated && (
        <p className="pt-3 text-muted text-sm">More rows were left out; the sums above count them.</p>
      )}
    </div>
  )
}

const HEADS: Record<UsageBy, string> = {
  agent: 'Agent',
  key: 'Key',
  model: 'Model',
  day: 'Day',
  project: 'Project',
}

function Share({ part }: { part: number }) {
  return (
    <div aria-hidden className="h-1.5 rounded-full bg-hover">
      <div className="h-full min-w-0.5 rounded-full bg-accent" style={{ width: `${part * 100}%` }} />
    </div>
  )
}

function keyOf(row: UsageRow): string {
  return row.agent_id ?? row.project_id ?? row.day ?? row.key_id ?? row.model ?? 'none'
}

function nameOf(row: UsageRow): ReactNode {
  if (row.agent_id !== undefined && row.agent_id !== null) {
    return (
      <Link to="/agents/$agentId" params={{ agentId: row.agent_id }} className="font-medium hover:underline">
        {row.name ?? shortId(row.agent_id)}
      </Link>
    )
  }
  if (row.day !== undefined) return <span className="num">{row.day}</span>
  if (row.model !== undefined) {
    return row.model === null ? (
      <None>no model was asked</None>
    ) : (
      <span className="font-mono text-xs">{row.model}</span>
    )
  }
  if (row.key_id !== undefined) {
    return row.key_id === null ? (
      <None>no key, or one you do not see</None>
    ) : (
      (row.name ?? shortId(row.key_id))
    )
  }
  return row.name ?? shortId(row.project_id ?? '')
}

function None({ children }: { children: ReactNode }) {
  return <span className="text-muted">{children}</span>
}
