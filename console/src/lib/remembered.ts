import { useCallback, useState } from 'react'

/**
 * State that outlives the page, for what is only comfort: widths of panes, folded groups,
 * saved views. What does not pass `check` is forgotten, as another version may have written it.
 */
export function useRemembered<T>(name: string, initial: T, check: (value: unknown) => value is T) {
  const key = `sortie.${name}`
  const [value, setValue] = useState<T>(() => {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
      return check(kept) ? kept : initial
    } catch {
      return initial
    }
  })
  const set = useCallback(
    (next: T) => {
      setValue(next)
      try {
        localStorage.setItem(key, JSON.stringify(next))
      } catch {
        // Full or forbidden: it is kept for as long as the page is open.
      }
    },
    [key],
  )
  return [value, set] as const
}

export const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value)
export const isText = (value: unknown): value is string => typeof value === 'string'
export const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)
