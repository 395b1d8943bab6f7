import { type Row, type SessionLog, textOf } from '@/lib/session/log'
import { noteOf } from './words'

/** The rows that hold a text, in capital letters or small ones. */
export function rowsWith(log: SessionLog, text: string): number[] {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return []
  return log.rows.flatMap((row, index) => (wordsOf(row, log).toLowerCase().includes(wanted) ? [index] : []))
}

function wordsOf(row: Row, log: SessionLog): string {
  switch (row.kind) {
    case 'message':
      return textOf(row.event.content)
    case 'model':
      return log.calls.get(row.call)?.model ?? ''
    case 'tool': {
      const tool = log.tools.get(row.call)
      return tool ? `${tool.name} ${JSON.stringify(tool.input)} ${textOf(tool.result ?? [])}` : ''
    }
    case 'error':
      return `${row.event.error.type} ${row.event.error.message}`
    case 'note':
      return noteOf(row.event).join(' ')
    case 'thinking':
      return ''
  }
}

/** The next of some places after one, and round again. */
export function nextOf(places: readonly number[], after: number, step: 1 | -1): number | undefined {
  if (places.length === 0) return undefined
  if (step === 1) return places.find((place) => place > after) ?? places[0]
  return places.findLast((place) => place < after) ?? places.at(-1)
}
