import type { Role } from '@/lib/api/people'

/** What each role may do, the least first; `docs/roles.md` says it call by call. */
export const ROLES: readonly { role: Role; about: string }[] = [
  { role: 'viewer', about: 'looks' },
  { role: 'member', about: 'makes and uses agents' },
  { role: 'admin', about: 'everything but what concerns owners' },
  { role: 'owner', about: 'everything' },
]
