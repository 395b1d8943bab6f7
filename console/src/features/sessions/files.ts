import type { Held } from '@/lib/session/held'
import type { Content } from '@/lib/session/log'

/** A file that somebody sent with a message. */
export interface SentFile {
  name: string
  /** The row of its message. */
  row: string
  seq: number
}

/** What a block that is no text is called. */
export function fileName(block: Content): string {
  switch (block.type) {
    case 'text':
      return 'text'
    case 'search_result':
      return `found: ${block.title}`
    case 'document':
      return block.title || addressOf(block.source) || kindOf(block.source) || 'document'
    case 'image':
      return addressOf(block.source) || kindOf(block.source) || 'picture'
  }
}

type Told = Record<string, unknown>

function addressOf(source: unknown): string | undefined {
  const url = (source as Told | null)?.['url']
  return typeof url === 'string' ? url.slice(0, 200) : undefined
}

function kindOf(source: unknown): string | undefined {
  const kind = (source as Told | null)?.['media_type']
  return typeof kind === 'string' ? kind.slice(0, 100) : undefined
}

/** The files that were sent in what is held, the newest first. */
export function filesSent({ rows }: Held): SentFile[] {
  return rows
    .flatMap((row) => {
      if (row.kind !== 'message' || row.event.type !== 'user.message') return []
      const { event } = row
      const files = event.content.filter((block) => block.type === 'document' || block.type === 'image')
      return files.map((block) => ({ name: fileName(block), row: row.key, seq: event.seq ?? 0 }))
    })
    .toReversed()
}
