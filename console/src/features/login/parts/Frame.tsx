import type { ReactNode } from 'react'
import { useTitle } from '@/components/ui/page'

/** The pages that stand outside the shell: one column, one thing to do. */
export function Frame({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  useTitle(title)
  return (
    <main className="flex min-h-full flex-col items-center bg-sunken px-4 pt-[14dvh] pb-16">
      <div className="w-full max-w-sm">
        <svg viewBox="0 0 32 32" aria-hidden className="mb-5 size-9">
          <rect width="32" height="32" rx="8" className="fill-accent" />
          <path d="M8 20.5 24 8l-5.2 16-4.1-6.3L8 20.5Z" className="fill-on-accent" />
        </svg>
        <h1 className="font-semibold text-xl">{title}</h1>
        {lead && <p className="mt-1 text-muted">{lead}</p>}
        <div className="mt-6 flex flex-col gap-4">{children}</div>
      </div>
    </main>
  )
}
