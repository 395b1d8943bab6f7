import { useSyncExternalStore } from 'react'

/** What the person chose; `system` follows the machine. */
export type Theme = 'system' | 'light' | 'dark'

const KEY = 'sortie.theme'
const listeners = new Set<() => void>()

function read(): Theme {
  const chosen = document.documentElement.dataset['theme']
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system'
}

/** Sets and remembers the theme; `public/theme.js` reads it before the next first paint. */
export function setTheme(theme: Theme) {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
  try {
    if (theme === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, theme)
  } catch {
    // A browser that keeps nothing forgets the choice with the page.
  }
  for (const listener of listeners) listener()
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, read)
}

function subscribe(listener: () => void) {
  const system = matchMedia('(prefers-color-scheme: dark)')
  listeners.add(listener)
  system.addEventListener('change', listener)
  return () => {
    listeners.delete(listener)
    system.removeEventListener('change', listener)
  }
}

/** Tells a drawing (canvas, chart) that the colours have changed. */
export function onThemeChange(listener: () => void): () => void {
  return subscribe(listener)
}

/** The present value of a colour token, in a form that a canvas takes. */
export function colour(token: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(--${token})`
  document.body.append(probe)
  const value = getComputedStyle(probe).color
  probe.remove()
  return value
}
