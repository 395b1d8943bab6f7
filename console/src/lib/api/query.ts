import { MutationCache, type Query, QueryCache, QueryClient, type QueryFilters } from '@tanstack/react-query'
import { ApiError } from './error'

/** How often the same is asked again by itself before the page says what is wrong. */
function triesOf(error: ApiError): number {
  if (!error.isPassing) return 0
  return error.kind === 'silent' ? 1 : 4
}

/** The page's one cache. Streams write into it, so what it holds is never read again by the clock. */
export function createQueryClient(onLoggedOut: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (error instanceof ApiError && error.status === 401) onLoggedOut()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // The server may run on this very machine: whether there is a network says nothing about it.
        networkMode: 'always',
        retry: (count, error) => error instanceof ApiError && count < triesOf(error),
        retryDelay: (count, error) => {
          const asked = error instanceof ApiError ? error.retryAfter : undefined
          return asked === undefined ? Math.min(500 * 2 ** count, 8000) : asked * 1000
        },
        staleTime: 15_000,
        refetchOnWindowFocus: false,
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  })
}

/** Waits for the answers to what is being read of these, and says what that was. */
export async function readOut(client: QueryClient, filters: QueryFilters): Promise<Query[]> {
  const reading = client.getQueryCache().findAll({ ...filters, fetchStatus: 'fetching' })
  await Promise.allSettled(reading.map((query) => query.promise))
  return reading
}

/**
 * Reads again what is shown of these, because something has happened. What is being read already may
 * have been asked for before that: it is not cut off, since it might never come to its end then, but
 * read once more behind its answer.
 */
export async function readAgain(client: QueryClient, filters: QueryFilters): Promise<void> {
  const answered = readOut(client, filters)
  void client.invalidateQueries(filters, { cancelRefetch: false })
  const early = await answered
  await client.invalidateQueries({ predicate: (query) => early.includes(query) }, { cancelRefetch: false })
}
