import { type KeyboardEvent, type PointerEvent, useRef } from 'react'
import { isNumber, useRemembered } from '@/lib/remembered'

interface PaneWidth {
  width: number
  set: (width: number) => void
  min: number
  max: number
}

/** A width that the person chose, within bounds. */
export function usePaneWidth(name: string, initial: number, min: number, max: number): PaneWidth {
  const [kept, set] = useRemembered(`pane.${name}`, initial, isNumber)
  return {
    width: Math.min(max, Math.max(min, kept)),
    set: (width) => set(Math.min(max, Math.max(min, width))),
    min,
    max,
  }
}

const STEP = 16

/** The line between two panes: dragged, or moved with the arrows. `side` is where the sized pane is. */
export function Divider({ pane, side, label }: { pane: PaneWidth; side: 'left' | 'right'; label: string }) {
  const start = useRef<{ x: number; width: number } | undefined>(undefined)
  const sign = side === 'left' ? 1 : -1
  const onMove = (event: PointerEvent) => {
    if (start.current) pane.set(start.current.width + sign * (event.clientX - start.current.x))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key]
    if (step === undefined) return
    event.preventDefault()
    pane.set(pane.width + sign * step)
  }
  return (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={pane.width}
      aria-valuemin={pane.min}
      aria-valuemax={pane.max}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        start.current = { x: event.clientX, width: pane.width }
      }}
      onPointerMove={onMove}
      onPointerUp={() => {
        start.current = undefined
      }}
      className="relative z-10 w-px shrink-0 cursor-col-resize touch-none bg-line after:absolute after:inset-y-0 after:-inset-x-1 hover:bg-accent focus-visible:bg-accent max-lg:hidden"
    />
  )
}
