import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, data } from './client'

/** An agent's documents, or those that every agent reads. */
export const documentsQuery = (agent: string | undefined) =>
  queryOptions({
    queryKey: ['knowledge', agent ?? 'everybody'],
    queryFn: ({ signal }) => {
      const query = agent === undefined ? {} : { agent_id: agent }
      return data(api.GET('/v1/knowledge', { params: { query }, signal }))
    },
  })

export function useDeleteDocument() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (document: string) =>
      data(api.DELETE('/v1/knowledge/{document}', { params: { path: { document } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['knowledge'] }),
  })
}

/** What the server takes the text out of. */
export const FORMATS = ['txt', 'md', 'csv', 'json', 'pdf', 'docx']
export const FILE_BYTES_MAX = 20 << 20
/** A text for every agent goes into each prompt, so it is kept short. */
export const SHARED_CHARACTERS_MAX = 102_400

/** Why the server would refuse a file; nothing if it would not. */
export function faultOfFile(name: string, bytes: number, isShared: boolean): string | undefined {
  const format = name.includes('.') ? (name.split('.').at(-1)?.toLowerCase() ?? '') : ''
  const taken = isShared ? ['txt', 'md'] : FORMATS
  if (!taken.includes(format)) return `Only ${taken.join(', ').toUpperCase()} can be read.`
  if (bytes === 0) return 'The file is empty.'
  if (isShared && bytes > SHARED_CHARACTERS_MAX) return 'At most 102,400 characters for every agent.'
  if (bytes > FILE_BYTES_MAX) return 'At most 20 MiB.'
  return undefined
}
