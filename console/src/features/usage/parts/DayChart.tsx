import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { UsageReport } from '@/lib/api/people'
import { tokens } from '@/lib/format'
import { colour, onThemeChange } from '@/lib/theme/theme'
import { columns, type Measure } from './days'

const HEIGHT = 220

/** A bar for each day. The table beside it says the same to who does not see it. */
export function DayChart({ report, measure }: { report: UsageReport; measure: Measure }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = place.current
    if (!element) return
    let chart: uPlot | undefined
    const draw = () => {
      chart?.destroy()
      chart = new uPlot(optionsOf(element.clientWidth, measure), columns(report, measure), element)
    }
    draw()
    const resized = new ResizeObserver(() => chart?.setSize({ width: element.clientWidth, height: HEIGHT }))
    resized.observe(element)
    const unsubscribe = onThemeChange(() => requestAnimationFrame(draw))
    return () => {
      resized.disconnect()
      unsubscribe()
      chart?.destroy()
    }
  }, [report, measure])
  return (
    <div
      ref={place}
      role="img"
      aria-label={`${measure} by day`}
      className="h-[220px] min-w-0 overflow-hidden"
    />
  )
}

function optionsOf(width: number, measure: Measure): uPlot.Options {
  const [ink, line, bar] = [colour('faint'), colour('line'), colour('accent')]
  const font = '11px "Inter Variable", sans-serif'
  const bars = uPlot.paths.bars
  const value = (raw: number | null) => (raw === null ? '–' : shown(raw, measure))
  return {
    width,
    height: HEIGHT,
    // Days are days of the organization: they are not moved into the browser's zone.
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), 'UTC'),
    cursor: { y: false, points: { show: false } },
    legend: { live: true },
    scales: {
      // Half a day on each side, so that the first and the last bar are whole.
      x: { range: (_, first, last) => [first - 43_200, last + 43_200] },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] },
    },
    axes: [
      { stroke: ink, font, grid: { show: false }, ticks: { show: false }, values: '{D} {MMM}' },
      {
        stroke: ink,
        font,
        size: 56,
        grid: { stroke: line, width: 1 },
        ticks: { show: false },
        values: (_, ticks) => ticks.map((tick) => shown(tick, measure)),
      },
    ],
    series: [
      { label: 'Day', value: '{D} {MMM}' },
      {
        label: measure === 'cost' ? 'Cost' : measure === 'runs' ? 'Runs' : 'Tokens',
        stroke: bar,
        fill: bar,
        width: 0,
        value: (_, raw) => value(raw),
        points: { show: false },
        ...(bars ? { paths: bars({ size: [0.7, 40], radius: 0.15 }) } : {}),
      },
    ],
  }
}

function shown(value: number, measure: Measure): string {
  if (measure === 'cost') return value === 0 ? '0' : value < 1 ? value.toFixed(3) : value.toFixed(2)
  return tokens(Math.round(value))
}
