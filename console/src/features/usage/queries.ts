import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, data } from '@/lib/api/client'
import type { UsageBy } from '@/lib/api/people'

export interface Range {
  from: string
  to: string
}

export const usageQuery = (by: UsageBy, { from, to }: Range) =>
  queryOptions({
    queryKey: ['usage', by, from, to],
    queryFn: ({ signal }) => data(api.GET('/v1/usage', { params: { query: { by, from, to } }, signal })),
    placeholderData: keepPreviousData,
  })

/** The same report as a table, made by the server: cells that a spreadsheet would run are harmless. */
export async function usageCsv(by: UsageBy, { from, to }: Range): Promise<string> {
  const query = { by, from, to, format: 'csv' }
  return (await data(api.GET('/v1/usage', { params: { query }, parseAs: 'text' }))) as unknown as string
}
