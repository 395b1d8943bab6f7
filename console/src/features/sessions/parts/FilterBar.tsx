import { getRouteApi } from '@tanstack/react-router'
import { Bookmark, ListFilter, Search, Star, Trash2, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { IconButton } from '@/components/ui/button'
import { Menu, MenuItem, MenuLabel, MenuSeparator } from '@/components/ui/menu'
import { toast } from '@/components/ui/toast'
import { useAgentNames } from '@/lib/api/agents'
import { useKeys } from '@/lib/keys'
import { useRemembered } from '@/lib/remembered'
import type { Filters } from '../rows'

const route = getRouteApi('/shell/')
type Shown = Omit<Filters, 'state'>

/** Search, filters and the views that the person saved. All of it stands in the address. */
export function FilterBar({ filters }: { filters: Shown }) {
  const navigate = route.useNavigate()
  const set = (change: Shown) => {
    void navigate({ search: (search) => clean({ ...search, ...change }), replace: true })
  }
  const isFiltered = Object.keys(filters).length > 0
  return (
    <header className="flex h-12 shrink-0 items-center gap-1 border-b pr-2 pl-4 sm:pl-6">
      <h1 className="mr-2 font-semibold @max-md:sr-only">Mission Control</h1>
      <TitleSearch value={filters.title ?? ''} onChange={(title) => set({ title })} />
      <div className="ml-auto flex">
        {isFiltered && (
          <IconButton label="Show all sessions" onClick={() => set({ title: '', agent: '', origin: '' })}>
            <X />
          </IconButton>
        )}
        <AgentFilter filters={filters} onChange={set} />
        <Views filters={filters} onChoose={(view) => set({ title: '', agent: '', origin: '', ...view })} />
      </div>
    </header>
  )
}

function clean<T extends object>(search: T): T {
  return Object.fromEntries(
    Object.entries(search).filter(([, value]) => value !== '' && value !== undefined),
  ) as T
}

function TitleSearch({ value, onChange }: { value: string; onChange: (title: string) => void }) {
  const [text, setText] = useState(value)
  const input = useRef<HTMLInputElement>(null)
  const changed = useRef(onChange)
  changed.current = onChange
  useKeys([{ keys: 'f', label: 'Search the sessions', run: () => input.current?.focus() }])
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => changed.current(text), 200)
    return () => clearTimeout(timer)
  }, [text, value])
  return (
    <search className="flex h-8 min-w-0 max-w-80 grow items-center gap-2 rounded-md border border-control/60 bg-raised px-2 focus-within:border-accent">
      <Search aria-hidden className="size-4 shrink-0 text-faint" />
      <input
        ref={input}
        value={text}
        onChange={(event) => setText(event.target.value)}
        aria-label="Search titles"
        placeholder="Search titles"
        className="min-w-0 grow bg-transparent outline-none"
      />
    </search>
  )
}

const ORIGINS = [
  ['native', 'Native API'],
  ['make', 'Runs and streams'],
  ['cassidy', 'Threads'],
  ['cased', 'Investigations'],
  ['monitor', 'Rollout monitors'],
] as const

function AgentFilter({ filters, onChange }: { filters: Shown; onChange: (change: Shown) => void }) {
  const toggle = (name: 'agent' | 'origin', value: string) =>
    onChange({ [name]: filters[name] === value ? '' : value })
  const isOn = filters.agent !== undefined || filters.origin !== undefined
  return (
    <Menu
      trigger={
        <IconButton label="Filter" className={isOn ? 'text-accent' : ''}>
          <ListFilter />
        </IconButton>
      }
    >
      <MenuLabel>Begun by</MenuLabel>
      {ORIGINS.map(([origin, label]) => (
        <MenuItem key={origin} checked={filters.origin === origin} onSelect={() => toggle('origin', origin)}>
          {label}
        </MenuItem>
      ))}
      <MenuSeparator />
      <MenuLabel>Agent</MenuLabel>
      <Agents chosen={filters.agent} onChoose={(agent) => toggle('agent', agent)} />
    </Menu>
  )
}

/** Only the open menu has them: the page itself does without reading all agents. */
function Agents({ chosen, onChoose }: { chosen: string | undefined; onChoose: (id: string) => void }) {
  const agents = useAgentNames()
  return (
    <div className="max-h-72 overflow-y-auto">
      {agents?.map((agent) => (
        <MenuItem key={agent.id} checked={chosen === agent.id} onSelect={() => onChoose(agent.id)}>
          {agent.label}
        </MenuItem>
      ))}
    </div>
  )
}

const isViews = (value: unknown): value is Shown[] =>
  Array.isArray(value) && value.every((view) => typeof view === 'object' && view !== null)

/** Filters that the person keeps, in this browser. */
function Views({ filters, onChoose }: { filters: Shown; onChoose: (view: Shown) => void }) {
  const [views, setViews] = useRemembered<Shown[]>('views', [], isViews)
  const isFiltered = Object.keys(filters).length > 0
  const save = () => {
    setViews([...views.filter((view) => nameOf(view) !== nameOf(filters)), filters])
    toast({ title: 'View saved', description: nameOf(filters) })
  }
  return (
    <Menu
      trigger={
        <IconButton label="Saved views">
          <Bookmark />
        </IconButton>
      }
    >
      <MenuItem icon={<Star />} disabled={!isFiltered} onSelect={save}>
        Save this view
      </MenuItem>
      {views.length > 0 && <MenuSeparator />}
      {views.map((view) => (
        <MenuItem key={nameOf(view)} onSelect={() => onChoose(view)}>
          {nameOf(view)}
        </MenuItem>
      ))}
      {views.length > 0 && (
        <>
          <MenuSeparator />
          <MenuItem icon={<Trash2 />} onSelect={() => setViews([])}>
            Forget all views
          </MenuItem>
        </>
      )}
    </Menu>
  )
}

function nameOf({ title, agent, origin }: Shown): string {
  const parts = [title && `“${title}”`, origin, agent && `agent …${agent.slice(-4)}`]
  return parts.filter(Boolean).join(', ') || 'All'
}
