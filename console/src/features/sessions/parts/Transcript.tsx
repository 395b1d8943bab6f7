import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual'
import { ArrowDown } from 'lucide-react'
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { plural } from '@/lib/format'
import { gapBefore, type Held, partAt, rowOf } from '@/lib/session/held'
import { type SessionLog, textOf } from '@/lib/session/log'
import type { Followed, FollowedStore } from '../live'
import { useOlder } from '../older'
import { GapLine } from './GapLine'
import { LiveRow, TranscriptRow } from './TranscriptRow'

interface TranscriptProps {
  followed: Followed
  store: FollowedStore
  sessionId: string
  selected: string | undefined
  onSelect: (key: string | undefined) => void
  /** A row to bring into view; a new object for each wish. */
  target: { row: string } | undefined
}

const NEAR_END = 48

/** The lines of a session, of which only the visible ones are drawn. Follows the end until somebody scrolls. */
export function Transcript({ followed, store, sessionId, selected, onSelect, target }: TranscriptProps) {
  const { held, log } = followed
  const { rows } = held
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const { follows, setFollows, missed, goToEnd, onScroll } = useTail(scroller, content, log)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    estimateSize: () => 44,
    overscan: 8,
    initialRect: { width: 800, height: 800 },
    // What is put in front moves nothing that is in view.
    anchorTo: 'end',
  })
  useJump(virtual, held, target, setFollows)
  useOlder(virtual, followed, store, follows)
  const select = useCallback(
    (key: string) => onSelect(selected === key ? undefined : key),
    [onSelect, selected],
  )

  return (
    <div className="relative min-h-0 grow">
      <div
        ref={scroller}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Transcript"
        className="h-full overflow-y-auto overscroll-contain outline-none [overflow-anchor:none]"
      >
        <div ref={content} className="pb-4">
          <div className="relative" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index]
              if (!row) return null
              const gap = gapBefore(held, item.index)
              const part = partAt(held, item.index)
              return (
                <div
                  key={item.key}
                  ref={virtual.measureElement}
                  data-index={item.index}
                  style={{ transform: `translateY(${item.start}px)` }}
                  className="absolute inset-x-0 top-0"
                >
                  {gap && <GapLine gap={gap} followed={followed} store={store} isFirst={item.index === 0} />}
                  <TranscriptRow
                    row={row}
                    log={part}
                    isEnd={part === log}
                    sessionId={sessionId}
                    isSelected={selected === row.key}
                    onSelect={select}
                  />
                </div>
              )
            })}
          </div>
          {log.live && <LiveRow live={log.live} />}
        </div>
      </div>
      {!follows && missed > 0 && (
        <button
          type="button"
          onClick={goToEnd}
          className="absolute bottom-3 left-1/2 flex h-8 -translate-x-1/2 animate-appear items-center gap-1.5 rounded-full bg-accent px-3 font-medium text-on-accent text-sm shadow-float hover:bg-accent-hover"
        >
          <ArrowDown aria-hidden className="size-3.5" />
          {plural(missed, 'new', 'new')}
        </button>
      )}
      <Announcer log={log} />
    </div>
  )
}

/** Frames for which a wished row is held in the middle, while the lines around it take their measured heights. */
const JUMP_FRAMES = 12

/** Brings a row into view when it is wished for, once, not again with every line. */
function useJump(
  { scrollToIndex }: Virtualizer<HTMLDivElement, Element>,
  held: Held,
  target: TranscriptProps['target'],
  setFollows: (follows: boolean) => void,
) {
  const newest = useRef(held)
  useLayoutEffect(() => {
    newest.current = held
  }, [held])
  useEffect(() => {
    if (!target) return
    let frame = 0
    const jump = (left: number) => {
      const row = rowOf(newest.current, target.row)
      if (row < 0) return
      setFollows(false)
      scrollToIndex(row, { align: 'center' })
      if (left > 0) frame = requestAnimationFrame(() => jump(left - 1))
    }
    jump(JUMP_FRAMES)
    return () => cancelAnimationFrame(frame)
  }, [target, scrollToIndex, setFollows])
}

/** Keeps the end in view while new lines come, until somebody scrolls up. */
function useTail(
  scroller: React.RefObject<HTMLDivElement | null>,
  content: React.RefObject<HTMLDivElement | null>,
  log: SessionLog,
) {
  const [follows, setFollows] = useState(true)
  const [seen, setSeen] = useState<string | undefined>()
  const lastTop = useRef(0)
  const end = log.rows.at(-1)?.key
  const toEnd = useCallback(() => {
    const element = scroller.current
    if (element) element.scrollTop = element.scrollHeight
  }, [scroller])

  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever makes it longer moves the end
  useLayoutEffect(() => {
    if (follows) toEnd()
  }, [follows, end, log.live?.end, toEnd])
  useEffect(() => {
    const element = content.current
    if (!follows || !element) return
    const observer = new ResizeObserver(toEnd)
    observer.observe(element)
    return () => observer.disconnect()
  }, [follows, content, toEnd])
  useEffect(() => {
    if (follows) setSeen(end)
  }, [follows, end])

  const onScroll = () => {
    const element = scroller.current
    if (!element) return
    const isNear = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END
    const isUp = element.scrollTop < lastTop.current - 2
    lastTop.current = element.scrollTop
    if (isNear) setFollows(true)
    else if (isUp) setFollows(false)
  }
  const goToEnd = () => {
    setFollows(true)
    toEnd()
  }
  return { follows, setFollows, missed: rowsBehind(log, seen), goToEnd, onScroll }
}

function rowsBehind({ rows }: SessionLog, seen: string | undefined): number {
  if (seen === undefined || rows.at(-1)?.key === seen) return 0
  return rows.length - 1 - rows.findLastIndex((row) => row.key === seen)
}

/** Tells a screen reader what the agent has said, a message at a time and not word by word. */
function Announcer({ log }: { log: SessionLog }) {
  const first = useRef<string | undefined>(undefined)
  const last = log.rows.at(-1)
  first.current ??= last?.key
  const isNew = last !== undefined && last.key !== first.current
  const text =
    isNew && last.kind === 'message' && last.event.type === 'agent.message' ? textOf(last.event.content) : ''
  return (
    <p aria-live="polite" className="sr-only">
      {text.slice(0, 500)}
    </p>
  )
}
