import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, data } from '@/lib/api/client'
import type { UsageBy, UsageReport } from '@/lib/api/people'

export interface Range {
  from: string
  to: string
}

export const usageQuery = (by: UsageBy, { from, to }: Range) =>
  queryOptions({
    queryKey: ['usage', by, from, to],
    queryFn: async ({ signal }) => {
      const report = await data(api.GET('/v1/usage', { params: { query: { by, from, to } }, signal }))
      // The document names the table, too, which is not what is asked for here.
      return report as UsageReport
    },
    placeholderData: keepPreviousData,
  })

/** The same report as a table, made by the server: cells that a spreadsheet would run are harmless. */
export async function usageCsv(by: UsageBy, { from, to }: Range): Promise<string> {
  const query = { by, from, to, format: 'csv' } as const
  return (await data(api.GET('/v1/usage', { params: { query }, parseAs: 'text' }))) as unknown as string
}
