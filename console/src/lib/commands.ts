import type { LucideIcon } from 'lucide-react'
import { useEffect, useSyncExternalStore } from 'react'

/** An action that the palette offers. */
export interface Command {
  id: string
  label: string
  group: string
  icon?: LucideIcon
  keys?: string
  run: () => void
}

const sets = new Set<readonly Command[]>()
const listeners = new Set<() => void>()
let all: readonly Command[] = []

function changed() {
  all = [...sets].flat()
  for (const listener of listeners) listener()
}

/** Offers these in the palette while the component is drawn. Keep the array's identity (`useMemo`). */
export function useCommands(commands: readonly Command[]) {
  useEffect(() => {
    sets.add(commands)
    changed()
    return () => {
      sets.delete(commands)
      changed()
    }
  }, [commands])
}

export function useAllCommands(): readonly Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => all,
  )
}
