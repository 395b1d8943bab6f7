import { useState } from 'react'
import { CopyButton } from '@/components/ui/copy'
import { cx } from '@/lib/classes'
import { bytes } from '@/lib/format'

const SHOWN_MAX = 4_000

/** A value as a tool got or gave it: a table where it is one, else indented text. */
export function Json({ value, label }: { value: unknown; label: string }) {
  const table = tableOf(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  if (table) return <JsonTable {...table} label={label} text={text} />
  return <Capped text={text ?? 'undefined'} label={label} />
}

/** Text of any size; of a large one the first part, until all is asked for. */
export function Capped({ text, label, tone }: { text: string; label: string; tone?: 'bad' | undefined }) {
  const [all, setAll] = useState(false)
  const isLong = text.length > SHOWN_MAX
  return (
    <div className="group/json relative">
      <pre
        role="region"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
        tabIndex={0}
        aria-label={label}
        className={cx(
          'max-h-96 overflow-auto whitespace-pre-wrap rounded-md border px-3 py-2 font-mono text-xs leading-5 [overflow-wrap:anywhere]',
          tone === 'bad' ? 'bg-bad-soft' : 'bg-sunken',
        )}
      >
        {isLong && !all ? `${text.slice(0, SHOWN_MAX)}…` : text}
      </pre>
      <span className="absolute top-1 right-1 rounded-md bg-sunken opacity-0 focus-within:opacity-100 group-hover/json:opacity-100">
        <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} />
      </span>
      {isLong && (
        <button
          type="button"
          onClick={() => setAll(!all)}
          className="mt-1 text-accent text-sm hover:underline"
        >
          {all ? 'Show less' : `Show all (${bytes(text.length)})`}
        </button>
      )}
    </div>
  )
}

interface Cells {
  columns: string[]
  rows: Record<string, unknown>[]
}

const COLUMNS_MAX = 8
const ROWS_SHOWN = 20

/** Objects of few plain values, of the same shape more or less, are read best as a table. */
export function tableOf(value: unknown): Cells | undefined {
  if (!Array.isArray(value) || value.length < 2) return undefined
  const columns = new Set<string>()
  for (const row of value) {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return undefined
    for (const [name, cell] of Object.entries(row)) {
      if (typeof cell === 'object' && cell !== null) return undefined
      columns.add(name)
    }
    if (columns.size > COLUMNS_MAX) return undefined
  }
  return { columns: [...columns], rows: value }
}

function JsonTable({ columns, rows, label, text }: Cells & { label: string; text: string }) {
  const [all, setAll] = useState(false)
  const shown = all ? rows : rows.slice(0, ROWS_SHOWN)
  return (
    <div className="overflow-x-auto rounded-md border">
      <table aria-label={label} className="w-full text-sm">
        <thead>
          <tr className="border-b bg-sunken text-left">
            {columns.map((column) => (
              <th key={column} className="eyebrow px-3 py-1">
                {column}
              </th>
            ))}
            <th className="w-8 pr-1 text-right">
              <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} />
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row, n) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of a value that does not change
            <tr key={n} className="border-b last:border-0">
              {columns.map((column) => (
                <td key={column} className="num px-3 py-1 [overflow-wrap:anywhere]">
                  {cell(row[column])}
                </td>
              ))}
              <td />
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > ROWS_SHOWN && (
        <button
          type="button"
          onClick={() => setAll(!all)}
          className="px-3 py-1 text-accent text-sm hover:underline"
        >
          {all ? 'Show less' : `Show all ${rows.length} rows`}
        </button>
      )}
    </div>
  )
}

function cell(value: unknown): string {
  return value === undefined || value === null ? '–' : String(value).slice(0, 400)
}
