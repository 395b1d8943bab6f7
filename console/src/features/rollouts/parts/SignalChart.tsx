import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { colour, onThemeChange } from '@/lib/theme/theme'
import { LEVEL_TOKEN } from '../levels'
import { type Band, measured, type Series } from '../series'

const HEIGHT = 148

/** One signal over the looks of a watch, with what was before as a dashed line, and levels as bands. */
export function SignalChart({ series }: { series: Series }) {
  const place = useRef<HTMLDivElement>(null)
  const latest = useRef(series)
  const chart = useRef<uPlot | undefined>(undefined)

  useEffect(() => {
    const element = place.current
    if (!element) return
    const draw = () => {
      chart.current?.destroy()
      chart.current = new uPlot(options(element.clientWidth, latest), dataOf(latest.current), element)
    }
    draw()
    const sized = new ResizeObserver(() =>
      chart.current?.setSize({ width: element.clientWidth, height: HEIGHT }),
    )
    sized.observe(element)
    const unsubscribe = onThemeChange(draw)
    return () => {
      unsubscribe()
      sized.disconnect()
      chart.current?.destroy()
      chart.current = undefined
    }
  }, [])

  useEffect(() => {
    latest.current = series
    chart.current?.setData(dataOf(series))
  }, [series])

  return <div ref={place} role="img" aria-label={described(series)} className="h-37 min-w-0" />
}

function dataOf({ times, current, baseline }: Series): uPlot.AlignedData {
  return [times, current, baseline]
}

/** The chart in words, for whoever does not see it. */
function described({ signal, current, baseline, level }: Series): string {
  const last = current.findLast((value) => value !== null)
  const before = baseline.findLast((value) => value !== null)
  const now = last == null ? 'no data' : `${measured(last)} now`
  return `${signal}: ${now}, ${before == null ? 'nothing known of before' : `${measured(before)} before`}, level ${level}`
}

function options(width: number, latest: { current: Series }): uPlot.Options {
  const faint = colour('faint')
  const line = colour('line')
  const accent = colour('accent')
  const axis = { stroke: faint, font: '11px "Inter Variable", sans-serif', ticks: { show: false } }
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    padding: [8, 18, 0, 0],
    scales: { y: { range: (_, low, high) => paddedRange(low, high) } },
    axes: [
      { ...axis, grid: { show: false }, size: 26, space: 70, values: (_, values) => values.map(timeOfDay) },
      {
        ...axis,
        grid: { stroke: line, width: 1 },
        size: 48,
        space: 34,
        values: (_, values) => values.map(measured),
      },
    ],
    series: [
      {},
      { stroke: accent, width: 1.75, points: { show: true, size: 4, fill: accent, width: 0 } },
      { stroke: faint, width: 1.25, dash: [4, 4], points: { show: false }, spanGaps: true },
    ],
    hooks: { drawClear: [(plot) => paintBands(plot, latest.current.bands)] },
  }
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

function timeOfDay(seconds: number): string {
  return CLOCK.format(seconds * 1000)
}

/** Counts begin at nothing, so that a small change does not look like a cliff. */
function paddedRange(low: number | null, high: number | null): [number, number] {
  const top = high ?? 1
  const bottom = Math.min(0, low ?? 0)
  return [bottom, top === bottom ? bottom + 1 : top + (top - bottom) * 0.12]
}

function paintBands(plot: uPlot, bands: readonly Band[]) {
  const { ctx, bbox } = plot
  const end = plot.scales['x']?.max
  ctx.save()
  for (const band of bands) {
    if (band.level === 'none') continue
    const from = plot.valToPos(band.from, 'x', true)
    const to = plot.valToPos(band === bands.at(-1) && end != null ? end : band.to, 'x', true)
    const width = Math.max(2, to - from)
    const token = LEVEL_TOKEN[band.level]
    ctx.fillStyle = colour(token)
    ctx.globalAlpha = band.level === 'critical' ? 0.2 : band.level === 'high' ? 0.12 : 0.1
    ctx.fillRect(from, bbox.top, width, bbox.height)
    ctx.globalAlpha = 0.9
    ctx.fillRect(from, bbox.top, width, 2 * devicePixelRatio)
  }
  ctx.restore()
}
