import { useNavigate } from '@tanstack/react-router'
import { Bot, LayoutList, Plus, Settings, SunMoon } from 'lucide-react'
import { Dialog as Parts } from 'radix-ui'
import { type KeyboardEvent, useId, useMemo, useState } from 'react'
import { Keys } from '@/components/ui/keys'
import { useAgentNames } from '@/lib/api/agents'
import { cx } from '@/lib/classes'
import { type Command, useAllCommands } from '@/lib/commands'
import { setTheme } from '@/lib/theme/theme'
import { PLACES, SETTINGS } from '../shell/places'
import { ranked } from './rank'

interface PaletteProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Everything that can be done or gone to, by typing. */
export function Palette({ open, onOpenChange }: PaletteProps) {
  return (
    <Parts.Root open={open} onOpenChange={onOpenChange}>
      <Parts.Portal>
        <div aria-hidden className="fixed inset-0 z-40 animate-appear bg-veil" />
        <Parts.Content
          aria-describedby={undefined}
          className="fixed inset-x-2 top-2 z-40 mx-auto flex max-h-[70dvh] max-w-xl animate-appear flex-col rounded-lg bg-raised shadow-float sm:top-[12dvh]"
        >
          <Parts.Title className="sr-only">Find anything</Parts.Title>
          <Finder onDone={() => onOpenChange(false)} />
        </Parts.Content>
      </Parts.Portal>
    </Parts.Root>
  )
}

function Finder({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState('')
  const [current, setCurrent] = useState(0)
  const list = useId()
  const found = ranked(useOffers(text.trim()), text.trim()).slice(0, 50)
  const chosen = Math.min(current, found.length - 1)

  const run = (command: Command | undefined) => {
    if (!command) return
    onDone()
    command.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      const next = (chosen + step + found.length) % Math.max(1, found.length)
      setCurrent(next)
      document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(found[chosen])
    }
  }
  return (
    <>
      <input
        // biome-ignore lint/a11y/noAutofocus: the dialog is opened to type in
        autoFocus
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setCurrent(0)
        }}
        onKeyDown={onKeyDown}
        role="combobox"
        aria-label="Find anything"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={found.length > 0 ? `${list}-${chosen}` : undefined}
        placeholder="Go to, do, or paste an id"
        autoComplete="off"
        spellCheck={false}
        className="h-12 shrink-0 border-b bg-transparent px-4 text-lg outline-none"
      />
      <div
        id={list}
        role="listbox"
        aria-label="Found"
        tabIndex={-1}
        className="min-h-0 overflow-y-auto p-1.5"
      >
        {found.map((command, index) => {
          const { icon: Icon } = command
          const isFirst = command.group !== found[index - 1]?.group
          return (
            <div key={command.id}>
              {isFirst && <div className="eyebrow px-2 pt-2 pb-1">{command.group}</div>}
              {/* biome-ignore lint/a11y/useKeyWithClickEvents: the input takes the keys */}
              <div
                id={`${list}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === chosen}
                onClick={() => run(command)}
                onPointerMove={() => setCurrent(index)}
                className={cx(
                  'flex h-9 cursor-pointer items-center gap-2.5 rounded-md px-2',
                  index === chosen && 'bg-selected',
                )}
              >
                {Icon && <Icon aria-hidden className="size-4 shrink-0 text-faint" />}
                <span className="grow truncate">{command.label}</span>
                {command.keys && <Keys of={command.keys} />}
              </div>
            </div>
          )
        })}
        {found.length === 0 && (
          <p className="px-2 py-6 text-center text-muted">Nothing is called “{text}”.</p>
        )}
      </div>
    </>
  )
}

/** All there is to choose from. */
function useOffers(text: string): Command[] {
  const navigate = useNavigate()
  const registered = useAllCommands()
  const agents = useAgentNames()
  return useMemo(() => {
    const go = (to: string) => () => void navigate({ to })
    const places = PLACES.map((place) => ({ ...place, id: place.to, group: 'Go to', run: go(place.to) }))
    const settings = SETTINGS.map(({ label, to }) => ({
      id: to,
      label: `Settings: ${label}`,
      group: 'Settings',
      icon: Settings,
      run: go(to),
    }))
    const actions: Command[] = [
      { id: 'new-agent', label: 'New agent', group: 'Do', icon: Plus, run: go('/agents/new') },
      { id: 'new-key', label: 'Create API key', group: 'Do', icon: Plus, run: go('/settings/api') },
      ...(['light', 'dark', 'system'] as const).map((theme) => ({
        id: `theme-${theme}`,
        label: `Theme: ${theme}`,
        group: 'Do',
        icon: SunMoon,
        run: () => setTheme(theme),
      })),
    ]
    const known = (agents ?? []).map((agent) => ({
      id: agent.id,
      label: agent.label,
      group: 'Agents',
      icon: Bot,
      run: go(`/agents/${agent.id}`),
    }))
    return [...pasted(text, go), ...registered, ...places, ...actions, ...settings, ...known]
  }, [agents, navigate, registered, text])
}

/** Whatever an id names can be gone to by pasting it. */
function pasted(text: string, go: (to: string) => () => void): Command[] {
  const to = /^sesn_[0-9a-z]{26}$|^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(text)
    ? `/sessions/${text}`
    : /^agent_[0-9a-z]{26}$/.test(text)
      ? `/agents/${text}`
      : undefined
  return to ? [{ id: 'pasted', label: `Open ${text}`, group: 'Go to', icon: LayoutList, run: go(to) }] : []
}
