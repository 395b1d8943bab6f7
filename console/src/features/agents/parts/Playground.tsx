import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowUp, CircleStop, SquarePen } from 'lucide-react'
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react'
import { Button, IconButton } from '@/components/ui/button'
import { Textarea } from '@/components/ui/field'
import { ErrorNote } from '@/components/ui/states'
import { Status } from '@/components/ui/status'
import { asApiError } from '@/lib/api/error'
import { useMay } from '@/lib/api/login'
import { cx } from '@/lib/classes'
import { words } from '@/lib/format'
import type { Row, SessionLog, ToolCall } from '@/lib/session/log'
import { ask, interrupt, textOf, useChat } from './chat'

const Markdown = lazy(() => import('@/components/ui/markdown').then((part) => ({ default: part.Markdown })))

interface PlaygroundProps {
  agent: { id: string; name: string; version: number }
  /** What stands there before anything is said. */
  greeting?: ReactNode
  /** Why nothing can be said at the moment. */
  note?: ReactNode
  className?: string
}

/** A chat with the agent: a real session, over the same calls that programs make. */
export function Playground({ agent, greeting, note, className }: PlaygroundProps) {
  const [talk, setTalk] = useState<{ session: string; version: number }>()
  const session = talk?.session
  const mayTalk = useMay('member')
  const { log, connection } = useChat(session)
  const send = useMutation({
    mutationFn: (text: string) => ask(agent, session, text),
    onSuccess: (id) => setTalk((begun) => begun ?? { session: id, version: agent.version }),
  })
  const stop = useMutation({ mutationFn: () => interrupt(session ?? '') })
  const restart = () => {
    send.reset()
    setTalk(undefined)
  }
  const isBusy = send.isPending || log.status === 'running'
  return (
    <section aria-label="Playground" className={cx('flex min-h-0 flex-col', className)}>
      <header className="flex h-10 shrink-0 items-center gap-2 border-b px-4">
        <h2 className="font-semibold text-sm">Playground</h2>
        {session && <Status status={log.status ?? 'idle'} className="text-sm" />}
        {session && (
          <span className="ml-auto flex items-center gap-1">
            <Link
              to="/sessions/$sessionId"
              params={{ sessionId: session }}
              className="px-1 text-accent text-sm hover:underline"
            >
              Open the session
            </Link>
            <IconButton label="Begin anew" size="sm" onClick={restart}>
              <SquarePen />
            </IconButton>
          </span>
        )}
      </header>
      <Talk log={log} pending={send.isPending ? send.variables : undefined}>
        {greeting ?? (
          <p className="text-muted">
            Say something to {agent.name}. It is a real session, and costs what one costs.
          </p>
        )}
      </Talk>
      <div className="shrink-0 border-t p-3">
        {note && <p className="mb-2 text-sm text-warn">{note}</p>}
        {talk && talk.version !== agent.version && (
          <p className="mb-2 flex flex-wrap items-center gap-2 text-sm text-warn">
            This conversation keeps to version {talk.version}.
            <Button size="sm" onClick={restart}>
              Begin anew with version {agent.version}
            </Button>
          </p>
        )}
        {connection.state === 'waiting' && (
          <p className="mb-2 text-sm text-warn">The connection is lost; trying again.</p>
        )}
        {connection.state === 'failed' && <ErrorNote error={connection.error} className="mb-2" />}
        {send.isError && <ErrorNote error={asApiError(send.error)} className="mb-2" />}
        {mayTalk ? (
          <Composer
            name={agent.name}
            isBusy={isBusy}
            onSend={(text) => send.mutateAsync(text)}
            onStop={session ? () => stop.mutate() : undefined}
          />
        ) : (
          <p className="text-muted text-sm">Viewers only look: members talk to agents.</p>
        )}
      </div>
    </section>
  )
}

interface ComposerProps {
  name: string
  isBusy: boolean
  onSend: (text: string) => Promise<unknown>
  onStop: (() => void) | undefined
}

function Composer({ name, isBusy, onSend, onStop }: ComposerProps) {
  const [text, setText] = useState('')
  const submit = () => {
    const said = text.trim()
    if (said === '' || isBusy) return
    setText('')
    // What was not taken is given back, unless something else was typed meanwhile.
    onSend(said).catch(() => setText((typed) => typed || said))
  }
  return (
    <form
      className="relative"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Textarea
        rows={2}
        aria-label={`Message to ${name}`}
        placeholder={`Ask ${name}`}
        className="resize-none! pr-11"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
          event.preventDefault()
          submit()
        }}
      />
      <div className="absolute right-2 bottom-2">
        {isBusy && onStop ? (
          <IconButton label="Stop" size="sm" look="plain" onClick={onStop}>
            <CircleStop />
          </IconButton>
        ) : (
          <IconButton
            type="submit"
            label="Send"
            size="sm"
            look="main"
            disabled={text.trim() === '' || isBusy}
          >
            <ArrowUp />
          </IconButton>
        )}
      </div>
    </form>
  )
}

/** What was said, with the text that is being written; it stays at the end until somebody scrolls up. */
function Talk({
  log,
  pending,
  children,
}: {
  log: SessionLog
  pending: string | undefined
  children: ReactNode
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever is new is followed
  useEffect(() => {
    const element = scroller.current
    if (element && follows.current) element.scrollTop = element.scrollHeight
  }, [log, pending])
  const isEmpty = log.rows.length === 0 && pending === undefined
  return (
    <div
      ref={scroller}
      onScroll={({ currentTarget: at }) => {
        follows.current = at.scrollHeight - at.scrollTop - at.clientHeight < 40
      }}
      className="min-h-0 grow overflow-y-auto px-4 py-4"
    >
      {isEmpty && (
        <div className="flex min-h-full flex-col justify-center text-balance text-center">{children}</div>
      )}
      <div role="log" aria-label="What was said" className="flex flex-col gap-4">
        {log.rows.map((row) => (
          <Said key={row.key} row={row} log={log} />
        ))}
        {pending !== undefined && <Bubble>{pending}</Bubble>}
      </div>
      {log.live?.kind === 'message' && <Answer text={log.live.text} isLive />}
      {log.live?.kind === 'thinking' && <p className="mt-4 animate-breathe text-faint text-sm">Thinking</p>}
    </div>
  )
}

function Bubble({ children }: { children: ReactNode }) {
  return (
    <p className="ml-8 w-fit max-w-full self-end whitespace-pre-wrap break-words rounded-lg bg-selected px-3 py-2">
      {children}
    </p>
  )
}

function Answer({ text, isLive = false }: { text: string; isLive?: boolean }) {
  return (
    <div className={cx('min-w-0', isLive && 'mt-4')} aria-hidden={isLive || undefined}>
      <Suspense fallback={<p className="whitespace-pre-wrap">{text}</p>}>
        <Markdown text={text} />
      </Suspense>
    </div>
  )
}

function Said({ row, log }: { row: Row; log: SessionLog }) {
  if (row.kind === 'message') {
    const text = textOf(row.event.content)
    if (row.event.type === 'user.message') return <Bubble>{text}</Bubble>
    return row.event.type === 'agent.message' ? <Answer text={text} /> : null
  }
  if (row.kind === 'tool') return <Called call={log.tools.get(row.call)} />
  if (row.kind === 'error')
    return <p className="rounded-md bg-bad-soft px-3 py-2">{row.event.error.message}</p>
  return null
}

function Called({ call }: { call: ToolCall | undefined }) {
  if (!call) return null
  const done = call.isError ? 'failed' : 'completed'
  const state = call.need ? 'waiting' : call.endedAt ? done : 'running'
  return (
    <details className="rounded-md border text-sm">
      <summary className="flex items-center gap-2 px-3 py-1.5">
        <span className="truncate font-mono">{call.name}</span>
        <Status
          status={state}
          {...(call.need ? { word: `waits for ${words(call.need)}` } : {})}
          className="ml-auto"
        />
      </summary>
      <pre className="max-h-60 overflow-auto border-t bg-sunken px-3 py-2 font-mono text-xs">
        {JSON.stringify(call.input, null, 2)}
        {call.result && `\n\n${textOf(call.result)}`}
      </pre>
    </details>
  )
}
