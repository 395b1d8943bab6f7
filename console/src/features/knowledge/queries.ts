import { queryOptions } from '@tanstack/react-query'
import { api, data, paging } from '@/lib/api/client'

export const agentsQuery = queryOptions({
  queryKey: ['agents', 'names'],
  queryFn: ({ signal }) => data(api.GET('/v1/agents', { params: { query: { ...paging(100) } }, signal })),
})
