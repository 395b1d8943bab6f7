import { Undo2 } from 'lucide-react'
import { CodeBlock } from '@/components/ui/copy'
import { Markdown } from '@/components/ui/markdown'
import { Status } from '@/components/ui/status'
import { useMay } from '@/lib/api/login'
import type { Rollback } from '../events'
import { useDecideRollback } from '../queries'
import { Decide } from './Decide'

const TITLES: Record<Rollback['state'], string> = {
  proposed: 'Taking it back is proposed',
  allowed: 'It is being taken back',
  begun: 'It is being taken back',
  done: 'It was taken back',
  denied: 'It is not taken back',
  failed: 'It could not be taken back',
  impossible: 'It cannot be taken back',
  void: 'The rollback is void',
}

const LOOKS: Record<Rollback['state'], string> = {
  proposed: 'proposed',
  allowed: 'running',
  begun: 'running',
  done: 'success',
  denied: 'rejected',
  failed: 'failed',
  impossible: 'impossible',
  void: 'void',
}

export function RollbackPanel({ rollback, sessionId }: { rollback: Rollback; sessionId: string }) {
  const { state, told, call, word } = rollback
  const isWaiting = state === 'proposed'
  return (
    <section className="border-b">
      <div className={isWaiting ? 'hatched h-1.5 bg-warn-soft' : undefined} />
      <div className="flex flex-col gap-3 px-4 py-4 sm:px-6">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Undo2 aria-hidden className="size-4 text-muted" />
          <h2 className="font-semibold">{TITLES[state]}</h2>
          <Status status={LOOKS[state]} word={state} className="text-sm" />
        </div>
        <div className="text-muted">
          <Markdown text={told.summary} />
        </div>
        {call && (
          <CodeBlock
            title={`${call.name} · ${call.effect}`}
            text={JSON.stringify(call.input, null, 2)}
            className="max-w-2xl"
          />
        )}
        {word && (
          <p className="wrap-anywhere max-h-40 max-w-2xl overflow-y-auto text-muted text-sm">{word}</p>
        )}
        {isWaiting && call && <Answers sessionId={sessionId} toolUseId={call.id} tool={call.name} />}
      </div>
    </section>
  )
}

function Answers({ sessionId, toolUseId, tool }: { sessionId: string; toolUseId: string; tool: string }) {
  const decision = useDecideRollback(sessionId)
  if (!useMay('member'))
    return <p className="text-muted text-sm">Viewers only look: an approver decides about it.</p>
  return (
    <Decide
      yes="Take it back"
      no="Do not take it back"
      sure={{
        title: 'Take the rollout back?',
        description: `The tool ${tool} is called with what is shown above. It may not be undone.`,
      }}
      reason="It stands in the session’s log."
      decide={({ isYes, reason }) => decision.mutateAsync({ toolUseId, allow: isYes, reason })}
    />
  )
}
