import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { duration } from '@/lib/format'
import { useNow } from '@/lib/now'
import { type Held, type Stretch, tailOf } from '@/lib/session/held'
import type { Lane } from '@/lib/session/log'
import { placeOf, type Timeline } from '@/lib/session/timeline'
import { onThemeChange } from '@/lib/theme/theme'
import { type Drawing, draw, extent, HEIGHT, hit, LANE, LANES, RULER, type View } from './overviewDrawing'
import { type Mark, seqAt, stripOf, timelineOf } from './overviewMarks'

interface OverviewProps {
  held: Held
  overview: readonly Stretch[]
  /** A row of what is held. */
  onJump: (row: string) => void
  /** An event that need not be held. */
  onSeek: (seq: number) => void
}

/** What happened when, a lane for each kind. A click jumps, a drag zooms, the arrows go from one to the next. */
export function Overview(props: OverviewProps) {
  const hasBars = props.held.parts.some((part) => part.bars.length > 0)
  return (hasBars || props.overview.length > 0) && <StripCanvas {...props} />
}

function StripCanvas({ held, overview, onJump, onSeek }: OverviewProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { marks, time, now } = useStrip(held, overview)
  const [zoom, setZoom] = useState<[number, number] | undefined>()
  const [drag, setDrag] = useState<[number, number] | undefined>()
  const [chosen, choose] = useState<Mark | undefined>()
  const current = useMemo(() => placeOfMark(marks, chosen), [marks, chosen])
  const width = useWidth(canvas)
  const [from, to] = zoom ?? [0, time.length]
  const view = useMemo<View>(() => ({ width, from, to: Math.max(from + 1, to) }), [width, from, to])
  useDrawn(canvas, { marks, time, view, now, current, drag })

  const xOf = (event: PointerEvent) => event.nativeEvent.offsetX
  const placeAt = (x: number) => view.from + (x / Math.max(1, width)) * (view.to - view.from)
  const onDown = (event: PointerEvent) => {
    event.currentTarget.setPointerCapture(event.pointerId)
    setDrag([xOf(event), xOf(event)])
  }
  const onUp = (event: PointerEvent) => {
    if (!drag) return
    setDrag(undefined)
    const [start, end] = [Math.min(...drag), Math.max(...drag)]
    if (end - start > 6) return setZoom([placeAt(start), placeAt(end)])
    const found = hit(marks, time, view, now, xOf(event), event.nativeEvent.offsetY)
    if (found !== undefined) go(found, xOf(event))
  }
  /** To a mark; into one that is not held, as far as the point is along it. */
  const go = (index: number, x?: number) => {
    const mark = marks[index]
    choose(mark)
    if (!mark) return
    if ('row' in mark.leads) return onJump(mark.leads.row)
    const [start, wide] = extent(mark, time, view, now)
    onSeek(seqAt(mark.leads, x === undefined ? 0 : (x - start) / wide))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step !== undefined) {
      const from = current ?? (step > 0 ? -1 : marks.length)
      go(Math.min(marks.length - 1, Math.max(0, from + step)))
    } else if (event.key === '+' || event.key === '-') {
      setZoom(
        zoomed(time, current === undefined ? undefined : marks[current], view, event.key === '+' ? 0.5 : 2),
      )
    } else if (event.key === '0' || (event.key === 'Escape' && zoom)) {
      setZoom(undefined)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div className="relative flex shrink-0 gap-3 border-b px-4 sm:px-6">
      <LaneNames />
      <div
        role="application"
        aria-roledescription="overview over time"
        aria-label={`Overview: ${told(marks, time)}. Arrows move, plus and minus zoom.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application of its own takes keys
        tabIndex={0}
        onKeyDown={onKeyDown}
        className="min-w-0 grow"
      >
        <canvas
          ref={canvas}
          onPointerDown={onDown}
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
        {LANES.map((lane) => `${names[lane]}: ${countOf(marks, lane)}`).join(', ')}
      </span>
    </div>
  )
}

/** What there is to draw, and where; it grows with the time while something is under way. */
function useStrip(held: Held, overview: readonly Stretch[]) {
  const { rows } = held
  // biome-ignore lint/correctness/useExhaustiveDependencies: text in the making changes no row and no bar
  const strip = useMemo(() => stripOf(held, overview), [rows, tailOf(held).bars, overview])
  const { marks } = strip
  const isIdle = tailOf(held).status === 'idle'
  const isOpen = marks.some((mark) => mark.to === undefined)
  const now = useNow(isOpen ? 1000 : 60_000)
  const time = useMemo(() => timelineOf(strip, isIdle, now), [strip, isIdle, now])
  return { marks, time, now }
}

/** The width that there is for a canvas, in pixels. */
function useWidth(canvas: RefObject<HTMLCanvasElement | null>): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = canvas.current?.parentElement
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    setWidth(element.clientWidth)
    return () => observer.disconnect()
  }, [canvas])
  return width
}

/** Draws what has changed, and all of it in another theme. */
function useDrawn(canvas: RefObject<HTMLCanvasElement | null>, drawing: Drawing) {
  const { marks, time, view, now, current, drag } = drawing
  const [painted, setPainted] = useState(0)
  useEffect(() => onThemeChange(() => setPainted((count) => count + 1)), [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme paints anew
  useEffect(() => {
    if (canvas.current && view.width > 0) draw(canvas.current, { marks, time, view, now, current, drag })
  }, [canvas, marks, time, view, now, current, drag, painted])
}

function told(marks: readonly Mark[], time: Timeline): string {
  const total = time.stretches.reduce((sum, stretch) => sum + stretch.length, 0)
  return `${marks.reduce((sum, mark) => sum + mark.count, 0)} steps in ${duration(total)}`
}

const names: Record<Lane, string> = {
  model: 'model calls',
  tool: 'tool calls',
  person: 'waits for a person',
  retry: 'retries',
}

const SHORT: Record<Lane, string> = { model: 'Model', tool: 'Tools', person: 'People', retry: 'Retries' }

/** What each lane is, beside it; who does not see it is told of them below. */
function LaneNames() {
  return (
    <ul aria-hidden style={{ paddingTop: RULER }} className="shrink-0 text-2xs text-faint max-sm:hidden">
      {LANES.map((lane) => (
        <li key={lane} style={{ height: LANE, lineHeight: `${LANE}px` }}>
          {SHORT[lane]}
        </li>
      ))}
    </ul>
  )
}

/** The strip is drawn anew with each page that is read: a mark is known by where it is. */
function placeOfMark(marks: readonly Mark[], chosen: Mark | undefined): number | undefined {
  if (!chosen) return undefined
  const away = (mark: Mark) => Math.abs(mark.from - chosen.from)
  let nearest: number | undefined
  for (const [place, mark] of marks.entries()) {
    const known = nearest === undefined ? undefined : marks[nearest]
    if (mark.lane === chosen.lane && (!known || away(mark) < away(known))) nearest = place
  }
  return nearest
}

function countOf(marks: readonly Mark[], lane: Lane): number {
  return marks.reduce((sum, mark) => (mark.lane === lane ? sum + mark.count : sum), 0)
}

function zoomed(
  time: Timeline,
  mark: Mark | undefined,
  view: View,
  by: number,
): [number, number] | undefined {
  const middle = mark ? placeOf(time, mark.from) : (view.from + view.to) / 2
  const half = ((view.to - view.from) * by) / 2
  if (half * 2 >= time.length) return undefined
  const from = Math.min(Math.max(0, middle - half), time.length - half * 2)
  return [from, from + half * 2]
}
