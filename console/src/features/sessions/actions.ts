import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { toastError } from '@/components/ui/toast'
import { api, data, type Schemas } from '@/lib/api/client'

type EventParam = Schemas['EventParam']

export const sessionKey = (id: string) => ['sessions', 'one', id]
/** What waits for a person in a session, as the list's dialog shows it. */
export const waitingKey = (id: string) => ['sessions', 'waiting', id]
const queueKey = (id: string) => ['sessions', 'queue', id]

export function useSession(id: string) {
  return useQuery({
    queryKey: sessionKey(id),
    queryFn: ({ signal }) =>
      data(api.GET('/v1/sessions/{session_id}', { params: { path: { session_id: id } }, signal })) as Promise<
        Schemas['SessionView']
      >,
  })
}

/** Sends events to a session; what the server refuses is said in a toast. */
export function useSend(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (events: EventParam[]) =>
      data(
        api.POST('/v1/sessions/{session_id}/events', {
          params: { path: { session_id: id } },
          body: { events },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: waitingKey(id) })
      return client.invalidateQueries({ queryKey: queueKey(id) })
    },
    onError: toastError('Not sent'),
  })
}

/** What has been sent and waits for the turn under way to end. `after` is the newest event known. */
export function useQueue(id: string, after: string, isOn: boolean) {
  return useQuery({
    queryKey: [...queueKey(id), after],
    enabled: isOn,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const params = { path: { session_id: id }, query: { after } }
      const page = await data(api.GET('/v1/sessions/{session_id}/events', { params, signal }))
      return page.data.filter((event) => event.seq === null || event.seq === undefined)
    },
  })
}

export const said = (text: string): EventParam => ({
  type: 'user.message',
  content: [{ type: 'text', text }],
})
export const interrupt: EventParam = { type: 'user.interrupt' }
