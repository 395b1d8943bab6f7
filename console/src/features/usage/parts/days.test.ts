import { describe, expect, it } from 'vitest'
import type { UsageReport } from '@/lib/api/people'
import { columns, daysBetween, lastDays, monthOf, rangeFault, today } from './days'

describe('days', () => {
  it('are those of the time zone', () => {
    const now = Date.parse('2026-11-22T23:30:00Z')
    expect(today('UTC', now)).toBe('2026-11-22')
    expect(today('Asia/Tokyo', now)).toBe('2026-11-23')
  })

  it('count today as one', () => {
    expect(lastDays(7, '2026-03-03')).toEqual({ from: '2026-02-25', to: '2026-03-03' })
    expect(lastDays(1, '2026-03-03')).toEqual({ from: '2026-03-03', to: '2026-03-03' })
    expect(monthOf('2026-03-03')).toEqual({ from: '2026-03-01', to: '2026-03-03' })
    expect(daysBetween({ from: '2026-02-27', to: '2026-03-01' })).toEqual([
      '2026-02-27',
      '2026-02-28',
      '2026-03-01',
    ])
  })

  it.each([
    ['2026-01-01', '2026-01-31', undefined],
    ['2026-02-01', '2026-01-31', /after the last/],
    ['2024-01-01', '2026-01-31', /400/],
    ['2025-02-23', '2026-03-30', /400/],
    ['', '2026-01-31', /both/],
  ])('from %s to %s', (from, to, expected) => {
    const fault = rangeFault({ from, to })
    if (expected === undefined) expect(fault).toBeUndefined()
    else expect(fault).toMatch(expected)
  })

  it('without any use are 0 in the chart', () => {
    const none = { runs: 0, model_calls: 0, tool_calls: 0, active_seconds: 0 }
    const used = {
      ...none,
      input_tokens: 5,
      output_tokens: 7,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
    }
    const total = { ...used, list_cost: null }
    const report: UsageReport = {
      type: 'usage_report',
      by: 'day',
      from: '2026-01-01',
      to: '2026-01-03',
      time_zone: 'UTC',
      data: [{ ...total, name: null, day: '2026-01-02' }],
      truncated: false,
      total,
    }
    expect(columns(report, 'tokens')[1]).toEqual([0, 12, 0])
    expect(columns(report, 'cost')[1]).toEqual([0, 0, 0])
  })
})
