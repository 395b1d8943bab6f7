import { useQuery, useQueryClient } from '@tanstack/react-query'
import { FileText, Trash2, UploadCloud, X } from 'lucide-react'
import { type DragEvent, type ReactNode, useCallback, useRef, useState } from 'react'
import { api, data } from '@/lib/api/client'
import { inFull } from '@/lib/api/error'
import { documentsQuery, FORMATS, faultOfFile, useDeleteDocument } from '@/lib/api/knowledge'
import type { KnowledgeDocument } from '@/lib/api/people'
import { upload } from '@/lib/api/upload'
import { cx } from '@/lib/classes'
import { commandLine } from '@/lib/curl'
import { bytes } from '@/lib/format'
import { Button, IconButton } from './button'
import { ConfirmDialog } from './dialog'
import { Listing } from './loaded'
import { EmptyState } from './states'
import { Badge } from './status'
import { Time } from './time'

interface DocumentsProps {
  /** Whose; those that every agent reads otherwise. */
  agent: string | undefined
  mayWrite: boolean
  empty: ReactNode
}

interface Sending {
  id: number
  name: string
  bytes: number
  part: number
  error: string | undefined
  stop: AbortController
}

/** Documents, a place to drop more, and how far each upload is. */
export function Documents({ agent, mayWrite, empty }: DocumentsProps) {
  const documents = useQuery(documentsQuery(agent))
  const [leaving, setLeaving] = useState<KnowledgeDocument>()
  const { sending, send, dismiss } = useUploads(agent)
  const remove = useDeleteDocument()
  return (
    <div className="flex flex-col gap-4">
      {mayWrite && <DropPlace isShared={agent === undefined} onFiles={send} />}
      {sending.length > 0 && (
        <ul aria-label="Uploads" className="divide-y rounded-md border">
          {sending.map((one) => (
            <UploadRow key={one.id} sending={one} onDismiss={() => dismiss(one)} />
          ))}
        </ul>
      )}
      <Listing
        query={documents}
        rows={documents.data?.data}
        what="The documents were not read"
        empty={sending.length === 0 && <EmptyState command={uploadLine(agent)}>{empty}</EmptyState>}
      >
        {(rows) => (
          <ul aria-label="Documents" className="divide-y border-y">
            {rows.map((document) => (
              <DocumentRow
                key={document.id}
                document={document}
                onDelete={mayWrite ? () => setLeaving(document) : undefined}
              />
            ))}
          </ul>
        )}
      </Listing>
      <ConfirmDialog
        open={leaving !== undefined}
        onOpenChange={(open) => open || setLeaving(undefined)}
        title={`Delete ${leaving?.name ?? ''}?`}
        description="It is read no more from the next answer on. This cannot be undone."
        confirm="Delete"
        dangerous
        onConfirm={() => remove.mutateAsync(leaving?.id ?? '')}
      />
    </div>
  )
}

/** The button above is the one way to add a document; this is the other. */
function uploadLine(agent: string | undefined): string {
  if (agent === undefined) {
    return commandLine('POST', '/v1/knowledge', { name: 'house.md', content: 'Rooms are booked by noon.' })
  }
  return `${commandLine('POST', '/v1/knowledge')} -F agent_id=${agent} -F file=@handbook.pdf`
}

function DocumentRow({
  document,
  onDelete,
}: {
  document: KnowledgeDocument
  onDelete: (() => void) | undefined
}) {
  return (
    <li className="flex h-9 items-center gap-3 text-sm">
      <FileText aria-hidden className="size-4 shrink-0 text-faint" />
      <span className="min-w-0 grow truncate font-medium">{document.name}</span>
      <Badge>{document.format}</Badge>
      <span className="num w-16 text-right text-muted max-sm:hidden">{bytes(document.text_bytes)}</span>
      {document.expires_at && (
        <span className="text-faint text-xs max-sm:hidden">
          until <Time at={document.expires_at} />
        </span>
      )}
      <Time at={document.created_at} className="w-20 text-right text-muted max-sm:hidden" />
      {onDelete && (
        <IconButton label={`Delete ${document.name}`} size="sm" onClick={onDelete}>
          <Trash2 />
        </IconButton>
      )}
    </li>
  )
}

function DropPlace({ isShared, onFiles }: { isShared: boolean; onFiles: (files: File[]) => void }) {
  const [isOver, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    onFiles([...event.dataTransfer.files])
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the button is the first
    <div
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={cx(
        'flex flex-col items-center gap-2 rounded-md border border-control/60 border-dashed px-4 py-6 text-center',
        isOver && 'border-accent bg-selected',
      )}
    >
      <UploadCloud aria-hidden className="size-5 text-faint" strokeWidth={1.5} />
      <Button size="sm" onClick={() => input.current?.click()}>
        Choose files
      </Button>
      <p className="text-muted text-sm">
        {isShared
          ? 'TXT or MD, at most 102,400 characters'
          : 'TXT, MD, CSV, JSON, PDF or DOCX, at most 20 MiB'}
        <span className="max-sm:hidden">; or drop them here</span>
      </p>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={(isShared ? ['txt', 'md'] : FORMATS).map((format) => `.${format}`).join(',')}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])])
          event.target.value = ''
        }}
      />
    </div>
  )
}

function UploadRow({ sending, onDismiss }: { sending: Sending; onDismiss: () => void }) {
  const percent = Math.round(sending.part * 100)
  return (
    <li className="flex items-center gap-3 px-3 py-2 text-sm">
      <div className="min-w-0 grow">
        <p className="flex gap-2">
          <span className="truncate font-medium">{sending.name}</span>
          <span className="num ml-auto shrink-0 text-muted">{bytes(sending.bytes)}</span>
        </p>
        {sending.error ? (
          <p role="alert" className="text-bad">
            {sending.error}
          </p>
        ) : (
          <div
            role="progressbar"
            aria-label={`Upload of ${sending.name}`}
            aria-valuenow={percent}
            aria-valuemin={0}
            aria-valuemax={100}
            className="mt-1.5 h-1 overflow-hidden rounded-full bg-hover"
          >
            <div
              className={cx('h-full rounded-full bg-accent', percent === 100 && 'animate-breathe')}
              style={{ width: `${percent}%` }}
            />
          </div>
        )}
      </div>
      <IconButton label={sending.error ? 'Dismiss' : 'Stop the upload'} size="sm" onClick={onDismiss}>
        <X />
      </IconButton>
    </li>
  )
}

let last = 0

/** Sends files one after the other: each is read whole by the server before the next. */
function useUploads(agent: string | undefined) {
  const client = useQueryClient()
  const [sending, setSending] = useState<Sending[]>([])
  const queue = useRef<Promise<void>>(Promise.resolve())
  const change = useCallback((id: number, to: Partial<Sending>) => {
    setSending((all) => all.map((one) => (one.id === id ? { ...one, ...to } : one)))
  }, [])
  const send = (files: File[]) => {
    for (const file of files) {
      last += 1
      const error = faultOfFile(file.name, file.size, agent === undefined)
      const one = { id: last, name: file.name, bytes: file.size, part: 0, error, stop: new AbortController() }
      setSending((all) => [...all, one])
      if (error !== undefined) continue
      queue.current = queue.current.then(async () => {
        if (one.stop.signal.aborted) return
        try {
          await sendOne(agent, file, one.stop.signal, (part) => change(one.id, { part }))
          // It stays until it is in the list below, so that it is never in neither.
          await client.invalidateQueries({ queryKey: ['knowledge'] })
          setSending((all) => all.filter((other) => other.id !== one.id))
        } catch (thrown) {
          change(one.id, { error: inFull(thrown) })
        }
      })
    }
  }
  const dismiss = (one: Sending) => {
    one.stop.abort()
    setSending((all) => all.filter((other) => other.id !== one.id))
  }
  return { sending, send, dismiss }
}

async function sendOne(
  agent: string | undefined,
  file: File,
  signal: AbortSignal,
  onProgress: (part: number) => void,
) {
  if (agent === undefined) {
    const body = { name: file.name, content: await file.text() }
    await data(api.POST('/v1/knowledge', { body, signal }))
    return
  }
  const form = new FormData()
  form.set('agent_id', agent)
  form.set('file', file)
  await upload({ path: '/v1/knowledge', form, onProgress, signal })
}
