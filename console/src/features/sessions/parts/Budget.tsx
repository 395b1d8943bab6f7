import type { Schemas } from '@/lib/api/client'
import { cx } from '@/lib/classes'
import { count, duration, money } from '@/lib/format'
import type { Totals } from '@/lib/session/held'
import type { SessionLog } from '@/lib/session/log'

interface Limit {
  name: string
  spent: number
  most: number
  text: string
}

interface BudgetProps {
  log: SessionLog
  session: Schemas['SessionView']
  totals: Totals
}

/** What is spent of what may be spent; nothing without a budget. */
export function Budget({ log, session, totals }: BudgetProps) {
  const limits = limitsOf(log, session, totals)
  if (limits.length === 0) return null
  return (
    <section className="flex flex-col gap-2.5 border-b px-4 py-3">
      <h3 className="eyebrow">Budget</h3>
      {limits.map((limit) => {
        const part = Math.min(1, limit.spent / Math.max(1, limit.most))
        const tone = part >= 1 ? 'bg-bad' : part >= 0.8 ? 'bg-warn' : 'bg-accent'
        return (
          <div key={limit.name}>
            <div className="flex justify-between text-sm">
              <span>{limit.name}</span>
              <span className="num text-muted">{limit.text}</span>
            </div>
            <div
              role="meter"
              aria-label={limit.name}
              aria-valuemin={0}
              aria-valuemax={limit.most}
              aria-valuenow={limit.spent}
              aria-valuetext={limit.text}
              className="mt-1 h-1 overflow-hidden rounded-full bg-hover"
            >
              <div className={cx('h-full rounded-full', tone)} style={{ width: `${part * 100}%` }} />
            </div>
          </div>
        )
      })}
    </section>
  )
}

function limitsOf(log: SessionLog, session: Schemas['SessionView'], totals: Totals): Limit[] {
  const budget = log.budget ?? session.budget
  const usage = log.usage ?? session.usage
  if (!budget) return []
  const limits: Limit[] = []
  const add = (
    name: string,
    spent: number,
    most: number | null | undefined,
    show: (value: number) => string,
  ) => {
    if (most !== null && most !== undefined)
      limits.push({ name, spent, most, text: `${show(spent)} of ${show(most)}` })
  }
  const { max_list_cost: cost } = budget
  if (cost) {
    const spent = usage.list_cost ?? { ...cost, amount: '0', amount_micros: '0' }
    limits.push({
      name: 'Cost',
      spent: Number(spent.amount_micros),
      most: Number(cost.amount_micros),
      text: `${money(spent)} of ${money(cost)}`,
    })
  }
  const { ephemeral_5m_input_tokens: short, ephemeral_1h_input_tokens: long } = usage.cache_creation
  const tokens = usage.input_tokens + usage.output_tokens + usage.cache_read_input_tokens + short + long
  add('Tokens', tokens, budget.max_tokens, count)
  add('Model calls', totals.modelCalls, budget.max_steps, count)
  add('Tool calls', totals.toolCalls, budget.max_tool_calls, count)
  add('Working time', usage.active_seconds, budget.max_active_seconds, (seconds) => duration(seconds * 1000))
  return limits
}
