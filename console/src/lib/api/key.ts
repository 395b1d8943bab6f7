import { useSyncExternalStore } from 'react'

// An API key that the person typed instead of logging in. It lives in this page's memory and nowhere else.
let key: string | undefined
const listeners = new Set<() => void>()

export function typedKey(): string | undefined {
  return key
}

export function setTypedKey(value: string | undefined) {
  key = value
  for (const listener of listeners) listener()
}

export function useTypedKey(): string | undefined {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, typedKey)
}
