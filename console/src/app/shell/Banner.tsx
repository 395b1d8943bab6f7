import { Button } from '@/components/ui/button'
import { Tip } from '@/components/ui/tooltip'
import { cx } from '@/lib/classes'
import { useNow } from '@/lib/now'
import { useOrgConnection } from '@/lib/org/stream'
import { type Connection, tryNow } from '@/lib/stream/follow'

/** Over every page while the server restarts: what is shown stays, and goes on when it is back. */
export function Banner() {
  const connection = useOrgConnection()
  if (connection.state !== 'waiting' && connection.state !== 'failed') return null
  return (
    <div
      role="status"
      className="flex min-h-9 shrink-0 items-center gap-3 border-b bg-warn-soft px-4 py-1 text-sm sm:px-6"
    >
      {connection.state === 'waiting' ? (
        <>
          <span className="grow">
            The server does not answer; it may be restarting. Nothing is lost.{' '}
            <Countdown to={connection.retryAt} />
          </span>
          <Button size="sm" onClick={tryNow}>
            Try now
          </Button>
        </>
      ) : (
        <span>What you see is not live: {connection.error.message}</span>
      )}
    </div>
  )
}

function Countdown({ to }: { to: number }) {
  const now = useNow()
  const seconds = Math.max(0, Math.ceil((to - now) / 1000))
  return (
    <span className="num text-muted">{seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again…'}</span>
  )
}

const WORDS: Record<Connection['state'], string> = {
  connecting: 'Connecting',
  live: 'Live',
  waiting: 'Waiting for the server',
  failed: 'Not live',
}

export function LiveDot({ className }: { className?: string }) {
  const { state } = useOrgConnection()
  return (
    <Tip text={WORDS[state]} side="bottom">
      <span
        role="img"
        aria-label={WORDS[state]}
        className={cx('flex size-4 items-center justify-center', className)}
      >
        <span
          className={cx(
            'size-2 rounded-full',
            state === 'live' ? 'bg-good' : state === 'failed' ? 'bg-bad' : 'animate-breathe bg-warn',
          )}
        />
      </span>
    </Tip>
  )
}
