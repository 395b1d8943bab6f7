import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useRef } from 'react'
import { Badge } from '@/components/ui/status'
import { useFreshWith } from '@/lib/org/fresh'
import type { SessionChanged } from '@/lib/org/stream'
import { approvalsQuery } from '../queries'

/** How much waits for people, beside the word in the sidebar. It keeps the inbox fresh on every page. */
export function ApprovalCount() {
  const { data } = useInfiniteQuery(approvalsQuery)
  const waiting = useRef(new Set<string>())
  for (const item of data?.pages.flatMap((page) => page.data) ?? []) waiting.current.add(item.session_id)
  // A session that waits for something, or did: what it waits for may have been decided.
  const matters = useCallback((changed: SessionChanged) => {
    const isWaiting = changed.state === 'waiting'
    const wasWaiting = waiting.current.has(changed.session_id)
    if (isWaiting) waiting.current.add(changed.session_id)
    return isWaiting || wasWaiting
  }, [])
  useFreshWith(approvalsQuery.queryKey, matters)
  const known = data?.pages.reduce((sum, page) => sum + page.data.length, 0) ?? 0
  if (known === 0) return null
  const more = data?.pages.at(-1)?.next_page ? '+' : ''
  return (
    <Badge tone="warn" className="ml-auto">
      {known}
      {more}
      <span className="sr-only"> waiting</span>
    </Badge>
  )
}
