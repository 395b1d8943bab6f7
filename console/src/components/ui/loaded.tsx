import type { ReactNode } from 'react'
import { asApiError } from '@/lib/api/error'
import { ErrorState, Skeleton } from './states'

/** What a page needs to know of a query. */
interface Read<T> {
  data: T | undefined
  error: unknown
  refetch: () => unknown
}

/**
 * What a query read, if it may be shown. What was read before stays on the page while the server
 * restarts, with whatever somebody is typing into it; it goes when it is gone there, or refused.
 */
export function shown<T>({ data, error }: Pick<Read<T>, 'data' | 'error'>): T | undefined {
  const isOver = Boolean(error) && !asApiError(error).isPassing
  return isOver ? undefined : data
}

interface UnreadProps {
  query: Pick<Read<unknown>, 'error' | 'refetch'>
  /** `The keys could not be read`. */
  what: string
  /** How many grey bars. */
  rows?: number
  className?: string
}

/** In the place of what is not read yet, or could not be. */
export function Unread({ query, what, ...skeleton }: UnreadProps) {
  if (!query.error) return <Skeleton {...skeleton} />
  return <ErrorState error={query.error} what={what} onRetry={() => void query.refetch()} />
}

interface LoadedProps<T> extends Omit<UnreadProps, 'query'> {
  query: Read<T>
  children: (data: T) => ReactNode
}

/** What a query read, in each of its states. */
export function Loaded<T>({ query, children, ...unread }: LoadedProps<T>) {
  const data = shown(query)
  return data === undefined ? <Unread query={query} {...unread} /> : children(data)
}

interface ListingProps<Row> extends Omit<UnreadProps, 'rows'> {
  rows: readonly Row[] | undefined
  empty: ReactNode
  children: (rows: readonly Row[]) => ReactNode
}

/** A list in each of its states. */
export function Listing<Row>({ query, rows, empty, children, ...unread }: ListingProps<Row>) {
  return (
    <Loaded query={{ ...query, data: rows }} {...unread}>
      {(rows) => (rows.length === 0 ? empty : children(rows))}
    </Loaded>
  )
}
