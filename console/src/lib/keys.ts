import { useEffect, useRef, useSyncExternalStore } from 'react'

/** Something that keys do. The label is shown in the help. */
export interface KeyAction {
  /** `k`, `g m` (one after the other), `Mod+k` (Ctrl or Cmd). */
  keys: string
  label: string
  run: () => void
}

interface Registered {
  current: KeyAction
}

const registered = new Set<Registered>()
const listeners = new Set<() => void>()
let shown: KeyAction[] = []

function changed() {
  shown = [...registered].map((action) => action.current)
  for (const listener of listeners) listener()
}

/** Binds keys for as long as the component is drawn. Later ones win over earlier ones. */
export function useKeys(actions: readonly KeyAction[]) {
  const kept = useRef<Map<string, Registered>>(new Map())
  useEffect(() => {
    const known = kept.current
    const wanted = new Set(actions.map((action) => action.keys))
    let isNew = false
    for (const action of actions) {
      const entry = known.get(action.keys)
      if (entry) {
        entry.current = action
        continue
      }
      const added = { current: action }
      known.set(action.keys, added)
      registered.add(added)
      isNew = true
    }
    for (const [keys, entry] of known) {
      if (wanted.has(keys)) continue
      known.delete(keys)
      registered.delete(entry)
      isNew = true
    }
    if (isNew) changed()
  })
  useEffect(() => {
    const known = kept.current
    return () => {
      for (const entry of known.values()) registered.delete(entry)
      known.clear()
      changed()
    }
  }, [])
}

/** Everything that keys do at the moment, for the help. */
export function useKeyActions(): readonly KeyAction[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => shown,
  )
}

const SEQUENCE_WITHIN = 1200
let pending = ''
let pendingSince = 0

/** The page's one listener; the shell installs it. */
export function onKeyDown(event: KeyboardEvent) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return
  const withMod = event.metaKey || event.ctrlKey
  if (!withMod && isTyping(event.target)) return
  if (event.key === 'Shift' || event.key === 'Control' || event.key === 'Meta') return
  const key = withMod ? `Mod+${event.key.toLowerCase()}` : event.key
  const isFresh = event.timeStamp - pendingSince < SEQUENCE_WITHIN
  const sequence = pending && isFresh ? `${pending} ${key}` : key
  pending = ''
  const actions = [...registered].map((action) => action.current).reverse()
  const found =
    actions.find((action) => action.keys === sequence) ?? actions.find((action) => action.keys === key)
  if (found) {
    event.preventDefault()
    found.run()
    return
  }
  if (actions.some((action) => action.keys.startsWith(`${key} `))) {
    pending = key
    pendingSince = event.timeStamp
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return (
    target.isContentEditable ||
    target.closest('input, textarea, select, [role="menu"], [role="dialog"]') !== null
  )
}
