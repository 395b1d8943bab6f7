import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Archive, CircleAlert, CircleStop, Link2, Maximize2, Trash2, X } from 'lucide-react'
import { useState } from 'react'
import { IconButton } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { MenuItem, MenuSeparator, RowMenu } from '@/components/ui/menu'
import { useTitle } from '@/components/ui/page'
import { Status } from '@/components/ui/status'
import { toast, toastError } from '@/components/ui/toast'
import { api, data, type Schemas } from '@/lib/api/client'
import { useMay } from '@/lib/api/login'
import { cx } from '@/lib/classes'
import { copy } from '@/lib/clipboard'
import { curl } from '@/lib/curl'
import { useKeys } from '@/lib/keys'
import { waiting } from '@/lib/session/log'
import { interrupt, sessionKey, useSend } from '../actions'
import { countFaults, nextFault } from '../faults'
import type { Followed } from '../live'
import { Find } from './Find'

interface HeaderProps {
  session: Schemas['SessionView']
  followed: Followed
  selected: string | undefined
  onSeek: (seq: number, key?: string) => Promise<void>
  onClose: (() => void) | undefined
}

export function SessionHeader({ session, followed, selected, onSeek, onClose }: HeaderProps) {
  const { held, log, overview, connection } = followed
  const title = log.title ?? session.title ?? 'Untitled session'
  useTitle(title)
  const send = useSend(session.id)
  const waits = waiting(log).length > 0
  const mayAct = useMay('member')
  const canStop = mayAct && (log.status === 'running' || log.status === 'rescheduling')
  const faults = countFaults(held, overview)
  const toNextFault = () => {
    nextFault(session.id, held, overview, selected)
      .then((fault) => fault && onSeek(fault.seq, fault.key))
      .catch(toastError('The next error was not found'))
  }
  useKeys([
    { keys: 'e', label: 'Jump to the next error', run: toNextFault },
    ...(canStop ? [{ keys: 'x', label: 'Interrupt the agent', run: () => send.mutate([interrupt]) }] : []),
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
        <Find sessionId={session.id} held={held} selected={selected} onSeek={onSeek} />
        {faults > 0 && (
          <IconButton label={`Next error (${faults})`} onClick={toNextFault}>
            <CircleAlert className="text-bad" />
          </IconButton>
        )}
        {canStop && (
          <IconButton label="Interrupt" onClick={() => send.mutate([interrupt])}>
            <CircleStop />
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
  const mayAct = useMay('member')
  const [asked, setAsked] = useState<Asked>()
  const params = { path: { session_id: session.id } }
  const copied = (text: string) =>
    void copy(text).then(() => toast({ title: 'Copied' }), toastError('Not copied'))
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
        {mayAct && (
          <>
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
          </>
        )}
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
