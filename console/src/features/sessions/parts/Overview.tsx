import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react'
import { duration } from '@/lib/format'
import { useNow } from '@/lib/now'
import type { Lane, SessionLog } from '@/lib/session/log'
import { placeOf, type Timeline, timeline } from '@/lib/session/timeline'
import { onThemeChange } from '@/lib/theme/theme'
import { draw, HEIGHT, hit, LANES, type View } from './overviewDrawing'

interface OverviewProps {
  log: SessionLog
  onJump: (row: number) => void
}

/** What happened when, a lane for each kind. A click jumps, a drag zooms, the arrows go from one to the next. */
export function Overview(props: OverviewProps) {
  return props.log.bars.length > 0 && <Strip {...props} />
}

function Strip({ log, onJump }: OverviewProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const isOpen = log.bars.some((bar) => bar.to === undefined)
  const now = useNow(isOpen ? 1000 : 60_000)
  const time = useMemo(() => timelineOf(log, now), [log, now])
  const [zoom, setZoom] = useState<[number, number] | undefined>()
  const [drag, setDrag] = useState<[number, number] | undefined>()
  const [current, setCurrent] = useState<number | undefined>()
  const [width, setWidth] = useState(0)
  const [painted, setPainted] = useState(0)
  const [from, to] = zoom ?? [0, time.length]
  const view = useMemo<View>(() => ({ width, from, to: Math.max(from + 1, to) }), [width, from, to])

  useEffect(() => {
    const element = canvas.current?.parentElement
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    setWidth(element.clientWidth)
    return () => observer.disconnect()
  }, [])
  useEffect(() => onThemeChange(() => setPainted((count) => count + 1)), [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme paints anew
  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, { bars: log.bars, time, view, now, current, drag })
  }, [log.bars, time, view, now, current, drag, painted, width])

  const xOf = (event: PointerEvent) => event.nativeEvent.offsetX
  const placeAt = (x: number) => view.from + (x / Math.max(1, width)) * (view.to - view.from)
  const onUp = (event: PointerEvent) => {
    if (!drag) return
    setDrag(undefined)
    const [start, end] = [Math.min(...drag), Math.max(...drag)]
    if (end - start > 6) return setZoom([placeAt(start), placeAt(end)])
    const found = hit(log.bars, time, view, now, xOf(event), event.nativeEvent.offsetY)
    if (found === undefined) return
    setCurrent(found)
    const bar = log.bars[found]
    if (bar) onJump(bar.row)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step !== undefined) {
      const next = Math.min(
        log.bars.length - 1,
        Math.max(0, (current ?? (step > 0 ? -1 : log.bars.length)) + step),
      )
      setCurrent(next)
      const bar = log.bars[next]
      if (bar) onJump(bar.row)
    } else if (event.key === '+' || event.key === '-') {
      setZoom(zoomed(time, log, now, view, current, event.key === '+' ? 0.5 : 2))
    } else if (event.key === '0' || (event.key === 'Escape' && zoom)) {
      setZoom(undefined)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  const total = time.stretches.reduce((sum, stretch) => sum + stretch.to - stretch.from, 0)
  return (
    <div className="relative shrink-0 border-b">
      <div
        role="application"
        aria-roledescription="overview over time"
        aria-label={`Overview: ${log.bars.length} steps in ${duration(total)}. Arrows move, plus and minus zoom.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application of its own takes keys
        tabIndex={0}
        onKeyDown={onKeyDown}
        className="mx-4 sm:mx-6"
      >
        <canvas
          ref={canvas}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId)
            setDrag([xOf(event), xOf(event)])
          }}
          onPointerMove={(event) => drag && setDrag([drag[0], xOf(event)])}
          onPointerUp={onUp}
          onPointerCancel={() => setDrag(undefined)}
          onDoubleClick={() => setZoom(undefined)}
          style={{ height: HEIGHT }}
          className="block w-full touch-pan-y"
        />
      </div>
      {zoom && (
        <button
          type="button"
          onClick={() => setZoom(undefined)}
          className="absolute top-0 right-4 bg-page px-1 text-accent text-xs hover:underline sm:right-6"
        >
          Whole session
        </button>
      )}
      <span className="sr-only">
        {LANES.map((lane) => `${names[lane]}: ${countOf(log, lane)}`).join(', ')}
      </span>
    </div>
  )
}

const names: Record<Lane, string> = {
  model: 'model calls',
  tool: 'tool calls',
  person: 'waits for a person',
  retry: 'retries',
}

function countOf(log: SessionLog, lane: Lane): number {
  return log.bars.filter((bar) => bar.lane === lane).length
}

/** A person may take days: their waiting is drawn, but it does not fill the time. */
const PERSON_SHOWN = 3_000

function timelineOf(log: SessionLog, now: number): Timeline {
  const spans = log.bars.map((bar) => {
    const { from } = bar
    const to = bar.to ?? Math.max(now, from)
    const isLong = bar.lane === 'person' || log.status === 'idle'
    return { from, to: isLong ? Math.min(to, from + PERSON_SHOWN) : to }
  })
  return timeline(spans)
}

function zoomed(
  time: Timeline,
  log: SessionLog,
  now: number,
  view: View,
  current: number | undefined,
  by: number,
): [number, number] | undefined {
  const bar = current === undefined ? undefined : log.bars[current]
  const middle = bar ? placeOf(time, bar.from) : (view.from + view.to) / 2
  const half = ((view.to - view.from) * by) / 2
  if (half * 2 >= time.length || now === 0) return undefined
  const from = Math.min(Math.max(0, middle - half), time.length - half * 2)
  return [from, from + half * 2]
}
