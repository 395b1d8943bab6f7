import { useQuery } from '@tanstack/react-query'
import { Status } from '@/components/ui/status'
import { lastLookQuery } from '../queries'

/** How bad the last look was. Read for the rows that are seen, and kept until the session changes. */
export function LastLevel({ sessionId }: { sessionId: string }) {
  const { data: look, isPending } = useQuery(lastLookQuery(sessionId))
  if (isPending) return <span aria-hidden className="block h-2.5 w-12 animate-late rounded-full bg-hover" />
  if (!look) return <span className="text-faint">–</span>
  return <Status status={look.level} />
}
