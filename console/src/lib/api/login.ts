import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from './client'
import { setTypedKey } from './key'
import type { Role } from './people'

/** Who is logged in, in which organization. Its error is a 401 for nobody. */
export const loginQuery = queryOptions({
  queryKey: ['login'],
  queryFn: ({ signal }) => data(api.GET('/v1/login', { signal })),
  staleTime: Number.POSITIVE_INFINITY,
})

/** How people log in here, for whoever is not logged in too. */
export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => data(api.GET('/v1/setup', { signal })),
})

/** The login of the pages behind the shell, which is only drawn with one. */
export function useLogin() {
  const { data: login } = useQuery(loginQuery)
  if (login === undefined) throw new Error('this page is drawn for people who are logged in')
  return login
}

const RANK: Record<Role, number> = { viewer: 0, member: 1, admin: 2, owner: 3 }

/** Whether the person has this role or a higher one. Only to hide what the server would refuse. */
export function useMay(role: Role): boolean {
  return RANK[useLogin().member.role] >= RANK[role]
}

/** Ends this login, or all of the person's. Whom the server did not hear stays, and is told. */
export function useLogout() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (everywhere: boolean) => api.POST('/v1/logout', { body: { everywhere } }),
    onSuccess: () => {
      setTypedKey(undefined)
      client.clear()
      location.assign('/login')
    },
  })
}

export function useSwitchOrg() {
  return useMutation({
    mutationFn: (org: string) => data(api.POST('/v1/login/switch', { body: { org } })),
    // Nothing of the other organization may stay in the page.
    onSuccess: () => location.assign('/'),
  })
}
