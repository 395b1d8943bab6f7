import type { Command } from '@/lib/commands'

/** The commands whose label holds all typed words, those that begin with them first; groups stay together. */
export function ranked(commands: readonly Command[], text: string): Command[] {
  const typed = text.toLowerCase().split(/\s+/).filter(Boolean)
  const scored = commands.flatMap((command) => {
    if (command.id === 'pasted') return [{ command, score: -1 }]
    const label = command.label.toLowerCase()
    if (!typed.every((word) => label.includes(word))) return []
    return [{ command, score: typed.length === 0 || label.startsWith(typed[0] ?? '') ? 0 : 1 }]
  })
  const best = new Map<string, number>()
  for (const { command, score } of scored) {
    best.set(command.group, Math.min(best.get(command.group) ?? 2, score))
  }
  const order = [...best.keys()]
  const rankOf = (group: string) => (best.get(group) ?? 2) * 100 + order.indexOf(group)
  return scored
    .sort((a, b) => rankOf(a.command.group) - rankOf(b.command.group) || a.score - b.score)
    .map(({ command }) => command)
}
