import { Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { Menu as MenuIcon, Search } from 'lucide-react'
import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { IconButton } from '@/components/ui/button'
import { useLogin } from '@/lib/api/login'
import { cx } from '@/lib/classes'
import { type KeyAction, onKeyDown, useKeys } from '@/lib/keys'
import { atLeisure } from '@/lib/leisure'
import { useOrgStream } from '@/lib/org/stream'
import { Banner, LiveDot } from './Banner'
import { DemoNote } from './DemoNote'
import { PLACES } from './places'
import { Sidebar } from './Sidebar'

const palette = () => import('../palette/Palette')
const Palette = lazy(async () => ({ default: (await palette()).Palette }))
const help = () => import('./Help')
const Help = lazy(async () => ({ default: (await help()).Help }))

/** The frame of every page with a login: sidebar, palette, help, keys, and the organization's one stream. */
export function Shell() {
  useOrgStream()
  const [open, setOpen] = useState<'palette' | 'help' | 'sidebar' | undefined>()
  const { pathname } = useLocation()
  const { org } = useLogin()
  useShellKeys(setOpen)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the sheet closes when the page changes
  useEffect(() => setOpen(undefined), [pathname])
  useEffect(() => atLeisure(palette, help), [])

  return (
    <div className="flex h-full flex-col lg:grid lg:grid-cols-[13.5rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-raised focus:px-3 focus:py-1.5"
      >
        Skip to the page
      </a>
      <div className="flex h-11 shrink-0 items-center gap-2 border-b bg-sunken px-2 lg:hidden">
        <IconButton label="Menu" onClick={() => setOpen('sidebar')}>
          <MenuIcon />
        </IconButton>
        <span className="min-w-0 grow truncate font-semibold">{org.name}</span>
        <LiveDot />
        <IconButton label="Find" onClick={() => setOpen('palette')}>
          <Search />
        </IconButton>
      </div>
      {open === 'sidebar' && (
        <button
          type="button"
          aria-label="Close the menu"
          onClick={() => setOpen(undefined)}
          className="fixed inset-0 z-30 bg-veil lg:hidden"
        />
      )}
      <Sidebar
        onSearch={() => setOpen('palette')}
        onHelp={() => setOpen('help')}
        className={cx(
          'max-lg:fixed max-lg:inset-y-0 max-lg:left-0 max-lg:z-30 max-lg:w-60',
          open !== 'sidebar' && 'max-lg:hidden',
        )}
      />
      <div className="flex min-h-0 min-w-0 grow flex-col">
        <DemoNote />
        <Banner />
        <main id="main" tabIndex={-1} className="min-h-0 grow outline-none">
          <Outlet />
        </main>
      </div>
      <Suspense>
        {open === 'palette' && <Palette open onOpenChange={(next) => next || setOpen(undefined)} />}
        {open === 'help' && <Help open onOpenChange={(next) => next || setOpen(undefined)} />}
      </Suspense>
    </div>
  )
}

function useShellKeys(setOpen: (open: 'palette' | 'help') => void) {
  const navigate = useNavigate()
  const actions = useMemo<KeyAction[]>(
    () => [
      { keys: 'Mod+k', label: 'Find anything', run: () => setOpen('palette') },
      { keys: '?', label: 'Show the keys', run: () => setOpen('help') },
      ...PLACES.map((place) => ({
        keys: place.keys,
        label: `Go to ${place.label}`,
        run: () => void navigate({ to: place.to }),
      })),
    ],
    [navigate, setOpen],
  )
  useKeys(actions)
  useEffect(() => {
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])
}
