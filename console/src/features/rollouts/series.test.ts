import { describe, expect, it } from 'vitest'
import { endOf, type MonitorEvent, type MonitorUpdate, rollbackOf } from './events'
import { comparedWith, measured, seriesOf } from './series'

let seq = 0

function event(minute: number, body: object): MonitorEvent {
  seq += 1
  const processed_at = new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString()
  return { id: `sevt_${seq}`, seq, processed_at, ...body } as unknown as MonitorEvent
}

type Told = [signal: string, level: string, current?: number | null, baseline?: number | null]

function look(minute: number, ...told: Told[]): MonitorUpdate {
  const evidence = told.map(([signal, level, current, baseline]) => ({ signal, level, current, baseline }))
  return event(minute, {
    type: 'monitor.update',
    check: seq,
    level: 'none',
    summary: '',
    evidence,
  }) as MonitorUpdate
}

describe('signals as series', () => {
  it('keeps each signal on the times of all looks, with gaps where a look is silent about it', () => {
    const [latency, errors] = seriesOf([
      look(0, ['latency', 'none', 10, 9]),
      look(1, ['latency', 'none', 11, 9], ['errors', 'high', 4, 1]),
      look(2, ['errors', 'high', 5, 1]),
    ])
    expect(latency?.current).toEqual([10, 11, null])
    expect(errors?.current).toEqual([null, 4, 5])
    expect(latency?.times).toEqual(errors?.times)
  })

  it('marks a level from the look that found it to the one that finds another', () => {
    const [errors] = seriesOf([
      look(0, ['errors', 'none', 0, 0]),
      look(1, ['errors', 'critical', 9, 0]),
      look(2, ['errors', 'critical', 9, 0]),
      look(4, ['errors', 'none', 0, 0]),
    ])
    const minutes = errors?.bands.map(({ from, to, level }) => [(to - from) / 60, level])
    expect(minutes).toEqual([
      [1, 'none'],
      [3, 'critical'],
      [0, 'none'],
    ])
  })

  it('draws nothing for a number that is none', () => {
    const [series] = seriesOf([
      look(0, ['latency', 'no_data', null, null]),
      look(1, ['latency', 'unknown', 7]),
    ])
    expect(series?.current).toEqual([null, 7])
    expect(series?.baseline).toEqual([null, null])
  })

  it('takes one word about a signal of each look', () => {
    const [series] = seriesOf([look(0, ['latency', 'none', 1, 1], ['latency', 'high', 2, 1])])
    expect(series?.current).toEqual([1])
  })

  it.each([
    [10, 10, 'as before'],
    [15, 10, '+50 %'],
    [4, 10, '−60 %'],
    [24, 10, '×2.4'],
    [3, 0, 'from nothing'],
    [0, 0, 'as before'],
    [null, 10, undefined],
  ])('compares %s with %s as %s', (current, baseline, words) => {
    expect(comparedWith(current, baseline)).toBe(words)
  })

  it('shows the digits that say something', () => {
    expect([0, 0.01234, 2.71549, 1234.5].map(measured)).toEqual(['0', '0.0123', '2.72', '1,235'])
  })
})

describe('a rollback', () => {
  const proposed = event(1, { type: 'monitor.rollback', rollout_id: 'roll_1', step: 'proposed', summary: '' })
  const call = event(1, { type: 'agent.tool_use', name: 'rollback', input: {}, effect: 'unsafe' })
  const answer = (is_error: boolean) =>
    event(3, {
      type: 'agent.tool_result',
      tool_use_id: call.id,
      is_error,
      content: [{ type: 'text', text: 'ok' }],
    })
  const word = (result: string) =>
    event(2, { type: 'user.tool_confirmation', tool_use_id: call.id, result, deny_message: 'not now' })

  it.each([
    ['proposed', [proposed, call]],
    ['proposed', [call, proposed]],
    ['allowed', [proposed, call, word('allow')]],
    ['denied', [proposed, call, word('deny')]],
    ['denied', [proposed, call, word('deny'), answer(true)]],
    ['done', [proposed, call, word('allow'), answer(false)]],
    ['failed', [proposed, call, word('allow'), answer(true)]],
    ['void', [proposed, call, event(4, { type: 'monitor.rollback', step: 'void', summary: '' })]],
  ] as [string, MonitorEvent[]][])('is %s', (state, events) => {
    expect(rollbackOf(events)?.state).toBe(state)
  })

  it('is not the call that a model makes at a later look', () => {
    const events = [proposed, look(2, ['latency', 'critical', 2, 1]), call]
    expect(rollbackOf(events)?.call).toBeUndefined()
  })
})

describe('the end of a watch', () => {
  const ended = event(9, {
    type: 'monitor.ended',
    end: 'completed',
    outcome: 'healthy',
    checks: 3,
    level: 'none',
  })

  it('is told once it is over, and no more when another round begins', () => {
    expect(endOf([look(1), ended])).toBe(ended)
    expect(endOf([look(1), ended, look(20)])).toBeUndefined()
  })
})
