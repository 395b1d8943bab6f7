import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ErrorState, Skeleton } from '@/components/ui/states'

interface ListingProps<T> {
  query: Pick<UseQueryResult<unknown>, 'isPending' | 'error' | 'refetch'>
  rows: readonly T[] | undefined
  /** `The keys could not be read`. */
  what: string
  empty: ReactNode
  children: (rows: readonly T[]) => ReactNode
}

/** A list in each of its states. */
export function Listing<T>({ query, rows, what, empty, children }: ListingProps<T>) {
  if (rows === undefined) {
    if (query.isPending) return <Skeleton />
    return <ErrorState error={query.error} what={what} onRetry={query.refetch} />
  }
  return rows.length === 0 ? empty : children(rows)
}
