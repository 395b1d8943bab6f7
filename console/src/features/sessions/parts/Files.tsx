import { useQuery } from '@tanstack/react-query'
import { FileText } from 'lucide-react'
import { useMemo } from 'react'
import type { Schemas } from '@/lib/api/client'
import { documentsQuery } from '@/lib/api/knowledge'
import { bytes } from '@/lib/format'
import type { Held } from '@/lib/session/held'
import { filesSent } from '../files'

/** A list grows with its session: more than these are counted. */
const SHOWN_MAX = 20

/** What the agent has to read: files that came with messages, and its own documents. */
export function Files({ held, session }: { held: Held; session: Schemas['SessionView'] }) {
  const { rows } = held
  // biome-ignore lint/correctness/useExhaustiveDependencies: text in the making changes no row
  const sent = useMemo(() => filesSent(held), [rows])
  const own = useQuery(documentsQuery(session.agent.id))
  const shared = useQuery(documentsQuery(undefined))
  const documents = [...(own.data?.data ?? []), ...(shared.data?.data ?? [])]
  return (
    <>
      {sent.length > 0 && (
        <List title="Files sent" more={sent.length - SHOWN_MAX}>
          {sent.slice(0, SHOWN_MAX).map((file, n) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a message may have two files of one name
            <File key={`${file.row} ${n}`} name={file.name} />
          ))}
        </List>
      )}
      {documents.length > 0 && (
        <List title="Knowledge" more={documents.length - SHOWN_MAX}>
          {documents.slice(0, SHOWN_MAX).map((document) => (
            <File key={document.id} name={document.name} size={document.text_bytes} />
          ))}
        </List>
      )}
    </>
  )
}

function List({ title, more, children }: { title: string; more: number; children: React.ReactNode }) {
  return (
    <section className="border-b px-4 py-3">
      <h3 className="eyebrow pb-1.5">{title}</h3>
      <ul className="flex flex-col gap-1 text-sm">{children}</ul>
      {more > 0 && <p className="num pt-1 text-muted text-sm">and {more} more</p>}
    </section>
  )
}

function File({ name, size }: { name: string; size?: number | undefined }) {
  return (
    <li className="flex min-w-0 items-center gap-2">
      <FileText aria-hidden className="size-3.5 shrink-0 text-faint" />
      <span className="min-w-0 grow truncate" title={name}>
        {name}
      </span>
      {size !== undefined && <span className="num shrink-0 text-faint text-xs">{bytes(size)}</span>}
    </li>
  )
}
