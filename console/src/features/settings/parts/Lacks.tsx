import { Lock } from 'lucide-react'
import { useLogin, useMay } from '@/lib/api/login'
import type { Role } from '@/lib/api/people'

/** Why there are no buttons here, for whoever's role lacks them. */
export function Lacks({ needs, what }: { needs: Role; what: string }) {
  const { member } = useLogin()
  if (useMay(needs)) return null
  const who =
    needs === 'owner' ? 'Owners' : needs === 'admin' ? 'Admins and owners' : 'Members, admins and owners'
  return (
    <p className="flex items-center gap-2 border-b bg-sunken px-4 py-2 text-muted text-sm sm:px-6">
      <Lock aria-hidden className="size-3.5 shrink-0" />
      {who} {what}; your role is {member.role}.
    </p>
  )
}
