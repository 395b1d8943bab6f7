import { Link, useNavigate } from '@tanstack/react-router'
import { Building2, CircleHelp, LogOut, Monitor, Moon, Search, Settings, Sun, UserRound } from 'lucide-react'
import { IconButton } from '@/components/ui/button'
import { Keys } from '@/components/ui/keys'
import { Menu, MenuItem, MenuLabel, MenuSeparator } from '@/components/ui/menu'
import { toastError } from '@/components/ui/toast'
import { Tip } from '@/components/ui/tooltip'
import { ApprovalCount } from '@/features/approvals/parts/ApprovalCount'
import { useLogin, useLogout, useSwitchOrg } from '@/lib/api/login'
import { cx } from '@/lib/classes'
import { setTheme, type Theme, useTheme } from '@/lib/theme/theme'
import { LiveDot } from './Banner'
import { PLACES } from './places'

interface SidebarProps {
  onSearch: () => void
  onHelp: () => void
  className: string
}

export function Sidebar({ onSearch, onHelp, className }: SidebarProps) {
  const { org } = useLogin()
  return (
    <aside className={cx('flex min-h-0 flex-col border-r bg-sunken', className)}>
      <div className="flex h-12 shrink-0 items-center gap-2.5 px-4">
        <svg viewBox="0 0 32 32" aria-hidden className="size-5 shrink-0">
          <rect width="32" height="32" rx="8" className="fill-accent" />
          <path d="M8 20.5 24 8l-5.2 16-4.1-6.3L8 20.5Z" className="fill-on-accent" />
        </svg>
        <span className="truncate font-semibold">{org.name}</span>
        <LiveDot className="ml-auto" />
      </div>
      <div className="px-2 pb-2">
        <button
          type="button"
          onClick={onSearch}
          className="flex h-8 w-full items-center gap-2 rounded-md border border-control/60 bg-raised px-2 text-faint hover:border-muted hover:text-muted"
        >
          <Search aria-hidden className="size-4" />
          <span className="grow text-left">Find</span>
          <Keys of="Mod+K" />
        </button>
      </div>
      <nav aria-label="Main" className="flex grow flex-col gap-px overflow-y-auto px-2">
        {PLACES.slice(0, 6).map(({ to, label, icon: Icon }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact: to === '/', includeSearch: false }}
            className="flex h-8 items-center gap-2.5 rounded-md px-2 text-muted hover:bg-hover hover:text-ink data-[status=active]:bg-selected data-[status=active]:font-medium data-[status=active]:text-ink [&[data-status=active]_svg]:text-accent"
          >
            <Icon aria-hidden className="size-4" />
            {label}
            {to === '/approvals' && <ApprovalCount />}
          </Link>
        ))}
      </nav>
      <footer className="flex shrink-0 items-center gap-0.5 border-t p-2">
        <PersonMenu />
        <IconButton label="Keys and help" onClick={onHelp}>
          <CircleHelp />
        </IconButton>
        <Tip text="Organization settings">
          <Link
            to="/settings"
            aria-label="Organization settings"
            className="inline-flex size-8 shrink-0 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-ink"
          >
            <Settings aria-hidden className="size-4" />
          </Link>
        </Tip>
      </footer>
    </aside>
  )
}

const THEMES: [Theme, string, typeof Sun][] = [
  ['system', 'As the system', Monitor],
  ['light', 'Light', Sun],
  ['dark', 'Dark', Moon],
]

function PersonMenu() {
  const { member, org, orgs } = useLogin()
  const theme = useTheme()
  const navigate = useNavigate()
  const logout = useLogout()
  const switchOrg = useSwitchOrg()
  return (
    <Menu
      side="top"
      align="start"
      trigger={
        <button
          type="button"
          className="flex h-9 min-w-0 grow items-center gap-2 rounded-md px-1.5 text-left hover:bg-hover"
        >
          <span
            aria-hidden
            className="flex size-6 shrink-0 items-center justify-center rounded-full bg-selected font-medium text-accent text-xs"
          >
            {initials(member.name)}
          </span>
          <span className="min-w-0">
            <span className="block truncate font-medium text-sm">{member.name}</span>
            <span className="block truncate text-2xs text-faint">{member.role}</span>
          </span>
        </button>
      }
    >
      {orgs.length > 1 && (
        <>
          <MenuLabel>Organization</MenuLabel>
          {orgs.map((other) => (
            <MenuItem
              key={other.id}
              icon={<Building2 />}
              checked={other.id === org.id}
              onSelect={() => {
                if (other.id !== org.id) switchOrg.mutate(other.id, { onError: toastError('Not switched') })
              }}
            >
              {other.name}
            </MenuItem>
          ))}
          <MenuSeparator />
        </>
      )}
      <MenuItem icon={<Settings />} onSelect={() => void navigate({ to: '/settings' })}>
        Organization settings
      </MenuItem>
      <MenuItem icon={<UserRound />} onSelect={() => void navigate({ to: '/settings/you' })}>
        Your account
      </MenuItem>
      <MenuSeparator />
      <MenuLabel>Theme</MenuLabel>
      {THEMES.map(([value, label, Icon]) => (
        <MenuItem key={value} icon={<Icon />} checked={value === theme} onSelect={() => setTheme(value)}>
          {label}
        </MenuItem>
      ))}
      <MenuSeparator />
      <MenuItem
        icon={<LogOut />}
        onSelect={() => logout.mutate(false, { onError: toastError('Not logged out') })}
      >
        Log out
      </MenuItem>
    </Menu>
  )
}

function initials(name: string): string {
  const parts = name.split(/\s+/).filter(Boolean)
  return ((parts[0]?.[0] ?? '?') + (parts.length > 1 ? (parts.at(-1)?.[0] ?? '') : '')).toUpperCase()
}
