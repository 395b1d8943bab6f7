import { Link } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'

interface Crumb {
  label: string
  to: string
}

interface PageHeaderProps {
  title: string
  /** The pages above, outermost first. */
  crumbs?: readonly Crumb[]
  /** Beside the title: a status, an id. */
  aside?: ReactNode
  /** On the right: buttons. */
  actions?: ReactNode
}

/** The top of every page; names the browser's tab too. */
export function PageHeader({ title, crumbs = [], aside, actions }: PageHeaderProps) {
  useTitle(title)
  return (
    <header className="flex min-h-12 shrink-0 flex-wrap items-center gap-x-3 gap-y-2 border-b px-4 py-2 sm:px-6">
      <div className="flex min-w-0 items-center gap-1.5">
        {crumbs.map((crumb) => (
          <span key={crumb.to} className="flex shrink-0 items-center gap-1.5 text-muted">
            <Link to={crumb.to} className="hover:text-ink">
              {crumb.label}
            </Link>
            <ChevronRight aria-hidden className="size-3.5 text-faint" />
          </span>
        ))}
        <h1 className="truncate font-semibold">{title}</h1>
        {aside}
      </div>
      {actions && <div className="ml-auto flex items-center gap-2">{actions}</div>}
    </header>
  )
}

/** A page that scrolls: header, then its body. */
export function Page({ children, ...header }: PageHeaderProps & { children: ReactNode }) {
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader {...header} />
      <div className="min-h-0 grow overflow-y-auto">{children}</div>
    </div>
  )
}

/** A part of a form page: what it is on the left, its fields on the right. */
export function Section({
  title,
  description,
  children,
}: {
  title: string
  description?: ReactNode
  children: ReactNode
}) {
  return (
    <section className="grid grid-cols-[minmax(0,1fr)] gap-x-8 gap-y-4 border-b px-4 py-6 sm:px-6 lg:grid-cols-[16rem_minmax(0,40rem)]">
      <div>
        <h2 className="font-semibold">{title}</h2>
        {description && <p className="mt-1 text-muted text-sm">{description}</p>}
      </div>
      <div className="flex flex-col gap-4">{children}</div>
    </section>
  )
}

export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Sortie`
  }, [title])
}
