import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import {
  Archive,
  ChevronDown,
  ChevronUp,
  CircleAlert,
  Link2,
  Maximize2,
  Search,
  Square,
  Trash2,
  X,
} from 'lucide-react'
import { useDeferredValue, useMemo, useRef, useState } from 'react'
import { IconButton } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { MenuItem, MenuSeparator, RowMenu } from '@/components/ui/menu'
import { useTitle } from '@/components/ui/page'
import { Status } from '@/components/ui/status'
import { toast } from '@/components/ui/toast'
import { api, data, type Schemas } from '@/lib/api/client'
import { cx } from '@/lib/classes'
import { copy } from '@/lib/clipboard'
import { curl } from '@/lib/curl'
import { useKeys } from '@/lib/keys'
import { waiting } from '@/lib/session/log'
import { interrupt, sessionKey, useSend } from '../actions'
import { nextOf, rowsWith } from '../find'
import type { Followed } from '../live'
import { rowOf } from './Inspector'

interface HeaderProps {
  session: Schemas['SessionView']
  followed: Followed
  selected: string | undefined
  onJump: (row: number) => void
  onClose: (() => void) | undefined
}

export function SessionHeader({ session, followed, selected, onJump, onClose }: HeaderProps) {
  const { log, connection } = followed
  const title = log.title ?? session.title ?? 'Untitled session'
  useTitle(title)
  const send = useSend(session.id)
  const waits = waiting(log).length > 0
  const isWorking = log.status === 'running' || log.status === 'rescheduling'
  const at = selected === undefined ? -1 : rowOf(log.rows, selected)
  const nextFault = () => {
    const row = nextOf(log.faults, at, 1)
    if (row !== undefined) onJump(row)
  }
  useKeys([
    { keys: 'e', label: 'Jump to the next error', run: nextFault },
    ...(isWorking ? [{ keys: 'x', label: 'Interrupt the agent', run: () => send.mutate([interrupt]) }] : []),
  ])
  return (
    <header className="flex min-h-12 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b py-1.5 pr-2 pl-4 sm:pl-6">
      <div className="flex min-w-0 grow basis-48 items-center gap-3">
        <h1 className="min-w-0 truncate font-semibold">{title}</h1>
        <Status
          status={waits ? 'waiting' : log.status}
          {...(waits ? { word: 'needs you' } : {})}
          className="text-sm"
        />
        <Link
          to="/agents/$agentId"
          params={{ agentId: session.agent.id }}
          className="min-w-0 truncate text-muted text-sm hover:text-ink max-sm:hidden"
        >
          {session.agent.name}
        </Link>
        {connection.state !== 'live' && (
          <span className="animate-late shrink-0 text-sm text-warn">
            {connection.state === 'failed' ? connection.error.message : 'connecting…'}
          </span>
        )}
      </div>
      <div className="ml-auto flex items-center gap-0.5">
        <Find followed={followed} at={at} onJump={onJump} />
        {log.faults.length > 0 && (
          <IconButton label={`Next error (${log.faults.length})`} onClick={nextFault}>
            <CircleAlert className="text-bad" />
          </IconButton>
        )}
        {isWorking && (
          <IconButton label="Interrupt" onClick={() => send.mutate([interrupt])}>
            <Square />
          </IconButton>
        )}
        {onClose && (
          <Link
            to="/sessions/$sessionId"
            params={{ sessionId: session.id }}
            aria-label="Open as a page of its own"
            className="inline-flex size-8 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-ink"
          >
            <Maximize2 aria-hidden className="size-4" />
          </Link>
        )}
        <SessionMenu session={session} onGone={onClose} />
        {onClose && (
          <IconButton label="Close" onClick={onClose}>
            <X />
          </IconButton>
        )}
      </div>
    </header>
  )
}

/** Finds words in the transcript. */
function Find({
  followed: { log },
  at,
  onJump,
}: {
  followed: Followed
  at: number
  onJump: (row: number) => void
}) {
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  const wanted = useDeferredValue(text)
  const found = useMemo(() => (open ? rowsWith(log, wanted) : []), [open, log, wanted])
  const input = useRef<HTMLInputElement>(null)
  useKeys([{ keys: '/', label: 'Find in the transcript', run: () => setOpen(true) }])
  const go = (step: 1 | -1) => {
    const row = nextOf(found, at, step)
    if (row !== undefined) onJump(row)
  }
  if (!open) {
    return (
      <IconButton label="Find in the transcript" onClick={() => setOpen(true)}>
        <Search />
      </IconButton>
    )
  }
  const place = found.indexOf(at)
  return (
    <search className="flex items-center gap-0.5 rounded-md border border-control bg-raised pl-2">
      <input
        ref={input}
        // biome-ignore lint/a11y/noAutofocus: the person has just asked for this field
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') go(event.shiftKey ? -1 : 1)
          if (event.key === 'Escape') setOpen(false)
        }}
        aria-label="Find in the transcript"
        placeholder="Find"
        className="h-7 w-28 bg-transparent text-sm outline-none"
      />
      <span className="num min-w-10 text-right text-faint text-xs">
        {text && `${place >= 0 ? `${place + 1}/` : ''}${found.length}`}
      </span>
      <IconButton label="Previous" size="sm" onClick={() => go(-1)}>
        <ChevronUp />
      </IconButton>
      <IconButton label="Next" size="sm" onClick={() => go(1)}>
        <ChevronDown />
      </IconButton>
      <IconButton label="Close the search" size="sm" onClick={() => setOpen(false)}>
        <X />
      </IconButton>
    </search>
  )
}

type Asked = 'archive' | 'delete' | undefined

function SessionMenu({
  session,
  onGone,
}: {
  session: Schemas['SessionView']
  onGone: (() => void) | undefined
}) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [asked, setAsked] = useState<Asked>()
  const params = { path: { session_id: session.id } }
  const copied = (text: string) => void copy(text).then(() => toast({ title: 'Copied' }))
  const archive = async () => {
    client.setQueryData(
      sessionKey(session.id),
      await data(api.POST('/v1/sessions/{session_id}/archive', { params })),
    )
    await client.invalidateQueries({ queryKey: ['sessions', 'list'] })
  }
  const remove = async () => {
    await api.DELETE('/v1/sessions/{session_id}', { params })
    await client.invalidateQueries({ queryKey: ['sessions', 'list'] })
    if (onGone) onGone()
    else await navigate({ to: '/' })
  }
  return (
    <>
      <RowMenu label="More about this session">
        <MenuItem icon={<Link2 />} onSelect={() => copied(`${location.origin}/sessions/${session.id}`)}>
          Copy link
        </MenuItem>
        <MenuItem
          onSelect={() => copied(curl('GET', `/v1/sessions/${session.id}/events/stream?after=start`))}
          icon={<span className={cx('w-4 font-mono text-xs')}>$</span>}
        >
          Copy as curl
        </MenuItem>
        <MenuSeparator />
        <MenuItem
          icon={<Archive />}
          disabled={Boolean(session.archived_at)}
          onSelect={() => setAsked('archive')}
        >
          Archive
        </MenuItem>
        <MenuItem icon={<Trash2 />} dangerous onSelect={() => setAsked('delete')}>
          Delete
        </MenuItem>
      </RowMenu>
      <ConfirmDialog
        open={asked === 'archive'}
        onOpenChange={(open) => setAsked(open ? 'archive' : undefined)}
        title="Archive this session?"
        description="It takes no more messages and can only be read. This cannot be undone."
        confirm="Archive"
        onConfirm={archive}
      />
      <ConfirmDialog
        open={asked === 'delete'}
        onOpenChange={(open) => setAsked(open ? 'delete' : undefined)}
        title="Delete this session?"
        description="Its log is gone for good, for everybody."
        confirm="Delete"
        dangerous
        onConfirm={remove}
      />
    </>
  )
}
