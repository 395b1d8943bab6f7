const NAMES: Record<string, string> = {
  Mod: isMac() ? '⌘' : 'Ctrl',
  Escape: 'Esc',
  Enter: '↵',
  ArrowUp: '↑',
  ArrowDown: '↓',
}

function isMac() {
  return /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? '')
}

/** Keys to press, one after the other: `<Keys of="g m" />`, or together: `<Keys of="Mod+K" />`. */
export function Keys({ of }: { of: string }) {
  return (
    <span className="inline-flex gap-1">
      {of.split(' ').map((key) => (
        <kbd
          key={key}
          className="inline-flex h-5 min-w-5 items-center justify-center gap-0.5 rounded-sm border bg-sunken px-1 font-sans text-faint text-xs"
        >
          {key
            .split('+')
            .map((part) => NAMES[part] ?? part)
            .join(' ')}
        </kbd>
      ))}
    </span>
  )
}
