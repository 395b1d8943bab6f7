import { CornerDownLeft, Square } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Textarea } from '@/components/ui/field'
import { useMay } from '@/lib/api/login'
import { cursor, type SessionLog, textOf } from '@/lib/session/log'
import { interrupt, said, useQueue, useSend } from '../actions'
import { whyWaiting } from '../words'

/** Says something to the agent, shows what still waits to be read, and stops it. */
export function Composer({
  log,
  sessionId,
  isClosed,
}: {
  log: SessionLog
  sessionId: string
  isClosed: boolean
}) {
  const [text, setText] = useState('')
  const mayTalk = useMay('member')
  const send = useSend(sessionId)
  const isWorking = log.status === 'running' || log.status === 'rescheduling'
  const submit = (event?: FormEvent) => {
    event?.preventDefault()
    const said_ = text.trim()
    if (said_ === '' || send.isPending) return
    send.mutate([said(said_)], { onSuccess: () => setText('') })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    submit()
  }
  const why = whyWaiting(log)
  return (
    <footer className="shrink-0 border-t">
      {why && <Why text={why} />}
      <Queue log={log} sessionId={sessionId} isOn={isWorking || log.stopReason?.type === 'requires_action'} />
      {!isClosed && mayTalk && (
        <form onSubmit={submit} className="flex flex-wrap items-end justify-end gap-2 px-4 pt-2 pb-3 sm:px-6">
          <Textarea
            aria-label="Message to the agent"
            placeholder={isWorking ? 'Message, read after this turn' : 'Message the agent'}
            rows={1}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={onKeyDown}
            className="field-sizing-content max-h-48 min-h-8! min-w-40 flex-1 resize-none!"
          />
          {isWorking && (
            <Button onClick={() => send.mutate([interrupt])} disabled={send.isPending}>
              <Square aria-hidden className="size-3 fill-current" />
              <span className="max-sm:sr-only">Interrupt</span>
            </Button>
          )}
          <Button type="submit" look="main" busy={send.isPending} disabled={text.trim() === ''}>
            <CornerDownLeft aria-hidden className="size-3.5" />
            Send
          </Button>
        </form>
      )}
    </footer>
  )
}

/** Names of tools are set apart, as in code. */
function Why({ text }: { text: string }) {
  return (
    <p className="px-4 pt-2.5 text-muted text-sm sm:px-6">
      {text.split('`').map((part, n) =>
        n % 2 === 1 ? (
          <code key={part} className="rounded-sm bg-hover px-1 font-mono text-xs">
            {part}
          </code>
        ) : (
          part
        ),
      )}
    </p>
  )
}

function Queue({ log, sessionId, isOn }: { log: SessionLog; sessionId: string; isOn: boolean }) {
  const { data: queue } = useQueue(sessionId, cursor(log), isOn)
  if (!isOn || !queue || queue.length === 0) return null
  return (
    <ul aria-label="Waiting to be read" className="px-4 pt-2 sm:px-6">
      {queue.map((event) => (
        <li
          key={event.id}
          className="flex items-baseline gap-2 border-l-2 border-control py-0.5 pl-2.5 text-sm"
        >
          <span className="shrink-0 text-faint">next</span>
          <span className="truncate">
            {'content' in event && event.content ? textOf(event.content) : event.type}
          </span>
        </li>
      ))}
    </ul>
  )
}
