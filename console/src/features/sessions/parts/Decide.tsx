import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Input, Textarea } from '@/components/ui/field'
import { useMay } from '@/lib/api/login'
import type { ToolCall } from '@/lib/session/log'
import { useSend } from '../actions'

interface DecideProps {
  tool: ToolCall
  sessionId: string
}

/** What a person can say about a call that waits for them. */
export function Decide({ tool, sessionId }: DecideProps) {
  if (!useMay('member')) return <p className="text-muted text-sm">Viewers only look: a member decides.</p>
  if (tool.need === 'client_result') return <ClientResult tool={tool} sessionId={sessionId} />
  if (tool.need === 'resolution') return <Resolution tool={tool} sessionId={sessionId} />
  return <Approval tool={tool} sessionId={sessionId} />
}

/** The word on this very call: its id, and with it its arguments, is what is decided about. */
function useVerdict(sessionId: string, tool: ToolCall) {
  const send = useSend(sessionId)
  const say = (result: 'allow' | 'deny' | 'happened' | 'did_not_happen', more: object = {}) =>
    send.mutateAsync([{ type: 'user.tool_confirmation', tool_use_id: tool.id, result, ...more }])
  return { say, isPending: send.isPending }
}

function Approval({ tool, sessionId }: DecideProps) {
  const { say, isPending } = useVerdict(sessionId, tool)
  const [denying, setDenying] = useState(false)
  const [reason, setReason] = useState('')
  const [confirming, setConfirming] = useState(false)
  const allow = () => (tool.effect === 'unsafe' ? setConfirming(true) : void say('allow').catch(said))
  const deny = (event: FormEvent) => {
    event.preventDefault()
    void say('deny', reason ? { deny_message: reason } : {}).catch(said)
  }
  if (denying) {
    return (
      <form onSubmit={deny} className="flex flex-wrap gap-2">
        <Input
          aria-label="Why not"
          placeholder="Why not? The agent is told."
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          autoFocus
          className="max-w-sm grow"
        />
        <Button type="submit" look="danger" busy={isPending}>
          Deny
        </Button>
        <Button look="quiet" onClick={() => setDenying(false)}>
          Back
        </Button>
      </form>
    )
  }
  return (
    <div className="flex gap-2">
      <Button look="main" busy={isPending} onClick={allow}>
        Allow
      </Button>
      <Button disabled={isPending} onClick={() => setDenying(true)}>
        Deny
      </Button>
      <ConfirmDialog
        open={confirming}
        onOpenChange={setConfirming}
        title={`Allow ${tool.name}?`}
        description="This tool changes something outside that cannot simply be done again. It is called once, with the arguments you see."
        confirm="Allow"
        onConfirm={() => say('allow')}
      />
    </div>
  )
}

function Resolution({ tool, sessionId }: DecideProps) {
  const { say, isPending } = useVerdict(sessionId, tool)
  return (
    <div className="flex flex-col gap-2">
      <p className="text-muted">
        The call was cut off. Look there, then say what is true: it is not made twice by guess.
      </p>
      <div className="flex gap-2">
        <Button busy={isPending} onClick={() => void say('happened').catch(said)}>
          It happened
        </Button>
        <Button busy={isPending} onClick={() => void say('did_not_happen').catch(said)}>
          It did not: call it
        </Button>
      </div>
    </div>
  )
}

function ClientResult({ tool, sessionId }: DecideProps) {
  const send = useSend(sessionId)
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send.mutate([
      { type: 'user.custom_tool_result', custom_tool_use_id: tool.id, content: [{ type: 'text', text }] },
    ])
  }
  if (!open) return <Button onClick={() => setOpen(true)}>Answer in its client’s place</Button>
  return (
    <form onSubmit={submit} className="flex flex-col items-start gap-2">
      <Textarea
        aria-label={`Result of ${tool.name}`}
        placeholder="What the tool answers"
        required
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="font-mono text-sm"
      />
      <Button type="submit" look="main" busy={send.isPending}>
        Send the result
      </Button>
    </form>
  )
}

/** What was refused has been said in a toast. */
function said() {}
