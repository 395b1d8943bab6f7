import { useQuery } from '@tanstack/react-query'
import { Dialog } from '@/components/ui/dialog'
import { Loaded } from '@/components/ui/loaded'
import { Badge } from '@/components/ui/status'
import { type ToolCall, waiting } from '@/lib/session/log'
import { replay } from '@/lib/session/reduce'
import { waitingKey } from '../actions'
import { readEvents } from '../reading'
import { Decide } from './Decide'
import { Json } from './Json'

/** The calls of a session that wait, with their arguments and what can be said about them. */
export function WaitingDialog({ sessionId, onClose }: { sessionId: string; onClose: () => void }) {
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title="What it waits for" wide>
      <Waiting sessionId={sessionId} />
    </Dialog>
  )
}

function Waiting({ sessionId }: { sessionId: string }) {
  const found = useQuery({
    queryKey: waitingKey(sessionId),
    staleTime: 0,
    // The end of the log is enough to know what waits.
    queryFn: async ({ signal }) => replay(await readEvents(sessionId, undefined, signal)),
  })
  return (
    <Loaded query={found} what="What it waits for could not be read" rows={3}>
      {(log) => <Waits tools={waiting(log)} sessionId={sessionId} />}
    </Loaded>
  )
}

function Waits({ tools, sessionId }: { tools: readonly ToolCall[]; sessionId: string }) {
  if (tools.length === 0) return <p className="text-muted">Nothing waits for a person here any more.</p>
  return (
    <ul className="flex flex-col gap-5">
      {tools.map((tool) => (
        <li key={tool.id} className="flex flex-col gap-2">
          <p className="flex items-center gap-2 font-medium font-mono text-sm">
            {tool.name}
            {tool.effect === 'unsafe' && <Badge tone="warn">unsafe</Badge>}
          </p>
          <Json value={tool.input} label="Arguments" />
          <Decide tool={tool} sessionId={sessionId} />
        </li>
      ))}
    </ul>
  )
}
