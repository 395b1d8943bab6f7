import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, useRef, useState } from 'react'
import { cx } from '@/lib/classes'

export interface Column<T> {
  key: string
  header: ReactNode
  cell: (row: T) => ReactNode
  /** A track of CSS grid: `minmax(0,1fr)` unless told. */
  width?: string
  align?: 'right'
  /** Left out on a phone. */
  secondary?: boolean
  /** Another track on a phone. */
  narrow?: string
}

interface TableProps<T> {
  label: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  rowKey: (row: T) => string
  /** Enter, or a click anywhere on the row. */
  onOpen?: (row: T) => void
  /** Called when the end comes into view: `hasNextPage ? fetchNextPage : undefined`. */
  onEnd?: (() => void) | undefined
  className?: string
}

const ROW = 36

/**
 * Rows of 36 pixels, of which only the visible ones are drawn. `j` and `k` or the arrows move,
 * Enter opens. It scrolls by itself: give it a height (`grow min-h-0` in a flex column).
 */
export function Table<T>({ label, columns, rows, rowKey, onOpen, onEnd, className }: TableProps<T>) {
  const scroller = useRef<HTMLDivElement>(null)
  const [current, setCurrent] = useState(0)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
    initialRect: { width: 1000, height: 800 },
    onChange: (table) => {
      const end = table.getVirtualItems().at(-1)
      if (onEnd && end && end.index >= rows.length - 20) onEnd()
    },
  })
  const wide = columns.map((column) => column.width ?? 'minmax(0,1fr)').join(' ')
  const narrow = columns
    .filter((column) => !column.secondary)
    .map((column) => column.narrow ?? column.width ?? 'minmax(0,1fr)')
    .join(' ')
  const style = { '--wide': wide, '--narrow': narrow } as React.CSSProperties
  const grid = 'grid items-center gap-4 px-4 sm:px-6 grid-cols-(--narrow) sm:grid-cols-(--wide)'

  const move = (event: KeyboardEvent) => {
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key]
    if (step === undefined || event.metaKey || event.ctrlKey || event.target !== event.currentTarget) {
      const row = rows[current]
      if (event.key === 'Enter' && event.target === event.currentTarget && row !== undefined) onOpen?.(row)
      return
    }
    event.preventDefault()
    const next = Math.min(rows.length - 1, Math.max(0, current + step))
    setCurrent(next)
    virtual.scrollToIndex(next)
  }

  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      tabIndex={0}
      onKeyDown={move}
      style={style}
      className={cx('group/table min-h-0 overflow-auto text-sm outline-none', className)}
    >
      <div role="row" className={cx(grid, 'sticky top-0 z-10 h-8 border-b bg-page')}>
        {columns.map((column) => (
          <div
            key={column.key}
            role="columnheader"
            className={cx(
              'eyebrow truncate',
              column.align === 'right' && 'text-right',
              column.secondary && 'max-sm:hidden',
            )}
          >
            {column.header}
          </div>
        ))}
      </div>
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index]
          if (row === undefined) return null
          return (
            <TableRow
              key={rowKey(row)}
              columns={columns}
              row={row}
              place={item.index}
              start={item.start}
              isCurrent={item.index === current}
              grid={grid}
              onChoose={() => setCurrent(item.index)}
              onOpen={onOpen}
            />
          )
        })}
      </div>
    </div>
  )
}

interface TableRowProps<T> {
  columns: readonly Column<T>[]
  row: T
  place: number
  /** Pixels from the top. */
  start: number
  isCurrent: boolean
  grid: string
  onChoose: () => void
  onOpen: ((row: T) => void) | undefined
}

function TableRow<T>(props: TableRowProps<T>) {
  const { columns, row, place, start, isCurrent, grid, onChoose, onOpen } = props
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the table takes the keys for all its rows
    <div
      role="row"
      aria-rowindex={place + 2}
      onClick={(event) => {
        onChoose()
        if (!isControl(event.target)) onOpen?.(row)
      }}
      style={{ transform: `translateY(${start}px)` }}
      className={cx(
        grid,
        'absolute inset-x-0 top-0 h-9 border-b hover:bg-hover',
        onOpen && 'cursor-pointer',
        isCurrent && 'group-focus-visible/table:bg-selected',
      )}
    >
      {columns.map((column) => (
        <div
          key={column.key}
          role="gridcell"
          className={cx(
            'min-w-0 truncate',
            column.align === 'right' && 'num text-right',
            column.secondary && 'max-sm:hidden',
          )}
        >
          {column.cell(row)}
        </div>
      ))}
    </div>
  )
}

/** The column of each row's menu, the last one. */
export function menuColumn<T>(cell: (row: T) => ReactNode): Column<T> {
  return { key: 'menu', header: <span className="sr-only">More</span>, width: '2rem', cell }
}

/** A button, link or menu within a row has its own meaning. */
function isControl(target: EventTarget): boolean {
  return (
    target instanceof Element &&
    target.closest('button, a, input, select, [role^="menu"], [role="dialog"]') !== null
  )
}
