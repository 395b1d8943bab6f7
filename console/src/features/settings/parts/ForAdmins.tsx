import type { ReactNode } from 'react'
import { PageHeader } from '@/components/ui/page'
import { useMay } from '@/lib/api/login'
import { Lacks } from './Lacks'

interface ForAdminsProps {
  title: string
  /** What they do here: `read the audit log`. */
  what: string
  children: ReactNode
}

/** A page of which the server shows others nothing: their browser does not ask for it either. */
export function ForAdmins({ title, what, children }: ForAdminsProps) {
  if (useMay('admin')) return children
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader title={title} />
      <Lacks needs="admin" what={what} />
    </div>
  )
}
