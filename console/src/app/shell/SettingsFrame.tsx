import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { SETTINGS } from './places'

/** The tabs over every page of the settings. */
export function SettingsFrame() {
  const tabs = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page has another tab
  useEffect(() => {
    const chosen = tabs.current?.querySelector('[aria-current="page"]')
    chosen?.scrollIntoView?.({ block: 'nearest', inline: 'center' })
  }, [pathname])
  return (
    <div className="flex h-full min-h-0 flex-col">
      <nav
        ref={tabs}
        aria-label="Settings"
        className="flex shrink-0 gap-5 overflow-x-auto border-b px-4 sm:px-6"
      >
        {SETTINGS.map((tab) => (
          <Link
            key={tab.to}
            to={tab.to}
            className="-mb-px flex h-11 shrink-0 items-center border-transparent border-b-2 text-muted hover:text-ink data-[status=active]:border-accent data-[status=active]:font-medium data-[status=active]:text-ink"
          >
            {tab.label}
          </Link>
        ))}
      </nav>
      <div className="min-h-0 grow">
        <Outlet />
      </div>
    </div>
  )
}
