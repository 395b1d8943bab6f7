import { duration } from '@/lib/format'
import type { Lane } from '@/lib/session/log'
import { placeOf, stepOf, type Timeline } from '@/lib/session/timeline'
import { colour } from '@/lib/theme/theme'
import type { Mark } from './overviewMarks'

/** What part of the time is drawn, and how wide. */
export interface View {
  width: number
  from: number
  to: number
}

export interface Drawing {
  marks: readonly Mark[]
  time: Timeline
  view: View
  now: number
  current: number | undefined
  drag: [number, number] | undefined
}

export const LANES: readonly Lane[] = ['model', 'tool', 'person', 'retry']
/** The height of the ruler, and of each lane below it. */
export const RULER = 18
export const LANE = 13
const BAR = 9
/** The narrowest a bar is drawn, so that it can be seen and hit. */
const BAR_MIN = 2
export const HEIGHT = RULER + LANE * LANES.length + 5

export function draw(canvas: HTMLCanvasElement, drawing: Drawing) {
  const context = canvas.getContext('2d')
  if (!context) return
  const { view } = drawing
  const density = window.devicePixelRatio || 1
  canvas.width = Math.round(view.width * density)
  canvas.height = Math.round(HEIGHT * density)
  context.setTransform(density, 0, 0, density, 0, 0)
  context.clearRect(0, 0, view.width, HEIGHT)
  drawRuler(context, drawing)
  drawFolds(context, drawing)
  drawMarks(context, drawing)
  if (drawing.drag) {
    const [start, end] = drawing.drag
    context.globalAlpha = 0.16
    context.fillStyle = colour('accent')
    context.fillRect(Math.min(start, end), 0, Math.abs(end - start), HEIGHT)
    context.globalAlpha = 1
  }
}

function drawRuler(context: CanvasRenderingContext2D, { time, view }: Drawing) {
  const step = stepOf(view.to - view.from, view.width / 110)
  context.font = '11px "Inter Variable", sans-serif'
  context.textBaseline = 'middle'
  const [line, ink] = [colour('line'), colour('faint')]
  for (
    let place = Math.ceil(view.from / step) * step;
    place < Math.min(view.to, time.length);
    place += step
  ) {
    const x = Math.round(xOf(view, place)) + 0.5
    context.fillStyle = line
    context.fillRect(x, 4, 1, HEIGHT)
    context.fillStyle = ink
    context.fillText(place === 0 ? '0' : duration(place), x + 4, RULER / 2)
  }
}

/** Where time was left out: two strokes. */
function drawFolds(context: CanvasRenderingContext2D, { time, view }: Drawing) {
  context.strokeStyle = colour('control')
  context.lineWidth = 1
  for (const { at, isFolded } of time.stretches) {
    if (!isFolded) continue
    const x = xOf(view, at - time.fold / 2)
    if (x < 0 || x > view.width) continue
    context.beginPath()
    for (const shift of [-2, 2]) {
      context.moveTo(x + shift - 2, HEIGHT - 4)
      context.lineTo(x + shift + 2, RULER + 2)
    }
    context.stroke()
  }
}

function drawMarks(context: CanvasRenderingContext2D, { marks, time, view, now, current }: Drawing) {
  const inks = { busy: colour('busy'), good: colour('good'), warn: colour('warn'), bad: colour('bad') }
  const drawn = new Set<string>()
  marks.forEach((mark, index) => {
    const [x, width] = extent(mark, time, view, now)
    if (x + width < 0 || x > view.width) return
    const y = topOf(mark.lane)
    // Of ten thousand bars on one pixel, one is drawn.
    const place = `${mark.lane} ${Math.round(x)} ${Math.round(width)} ${mark.tone}`
    if (width <= BAR_MIN && drawn.has(place) && index !== current) return
    drawn.add(place)
    context.fillStyle = inks[mark.tone]
    if (!('row' in mark.leads)) summarize(context, mark, x, y, width)
    else if (mark.lane === 'person') hatch(context, x, y, width, inks.warn)
    else {
      context.beginPath()
      context.roundRect(x, y, width, BAR, Math.min(2, width / 2))
      context.fill()
    }
    if (index !== current) return
    context.strokeStyle = colour('ink')
    context.lineWidth = 1.5
    context.strokeRect(x - 1.5, y - 1.5, width + 3, BAR + 3)
  })
}

/** What is not held: the fuller, the more there was. */
function summarize(context: CanvasRenderingContext2D, mark: Mark, x: number, y: number, width: number) {
  context.globalAlpha = Math.min(0.75, 0.25 + mark.count / 60)
  context.fillRect(x, y, width, BAR)
  context.globalAlpha = 1
}

function hatch(context: CanvasRenderingContext2D, x: number, y: number, width: number, ink: string) {
  context.save()
  context.beginPath()
  context.rect(x, y, width, BAR)
  context.clip()
  context.globalAlpha = 0.22
  context.fillRect(x, y, width, BAR)
  context.globalAlpha = 1
  context.strokeStyle = ink
  context.lineWidth = 1.5
  context.beginPath()
  for (let at = x - BAR; at < x + width; at += 5) {
    context.moveTo(at, y + BAR)
    context.lineTo(at + BAR, y)
  }
  context.stroke()
  context.restore()
}

/** The mark under a point, with some grace for narrow ones. */
export function hit(
  marks: readonly Mark[],
  time: Timeline,
  view: View,
  now: number,
  x: number,
  y: number,
): number | undefined {
  const lane = LANES[Math.floor((y - RULER) / LANE)]
  let best: number | undefined
  let nearest = 8
  marks.forEach((mark, index) => {
    if (lane !== undefined && mark.lane !== lane) return
    const [start, width] = extent(mark, time, view, now)
    const away = x < start ? start - x : Math.max(0, x - start - width)
    if (away >= nearest) return
    nearest = away
    best = index
  })
  return best
}

/** Where a mark is drawn: its beginning and its width. */
export function extent(mark: Mark, time: Timeline, view: View, now: number): [number, number] {
  const start = xOf(view, placeOf(time, mark.from))
  const end = xOf(view, placeOf(time, mark.to ?? Math.max(now, mark.from)))
  return [start, Math.max(BAR_MIN, end - start)]
}

function topOf(lane: Lane): number {
  return RULER + LANES.indexOf(lane) * LANE + (LANE - BAR) / 2
}

function xOf(view: View, place: number): number {
  return ((place - view.from) / (view.to - view.from)) * view.width
}
