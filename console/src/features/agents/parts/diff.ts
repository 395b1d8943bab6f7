import type { Agent } from '../queries'
import { same } from './draft'

/** A line of a comparison. */
export interface Line {
  kind: 'same' | 'added' | 'removed'
  text: string
  /** Tells lines of one text apart. */
  at: number
}

/** A part of an agent that differs between two versions. */
export interface Change {
  label: string
  lines: Line[]
}

/** Texts of more lines than this are shown as replaced: the table would be too large. */
const LINES_MAX = 1500

/** What became of a text, line by line: the longest common lines stay. */
export function compareLines(before: string, after: string): Line[] {
  const old = before === '' ? [] : before.split('\n')
  const now = after === '' ? [] : after.split('\n')
  const found: Omit<Line, 'at'>[] =
    old.length > LINES_MAX || now.length > LINES_MAX
      ? [...old.map((text) => removed(text)), ...now.map((text) => added(text))]
      : walk(old, now, commonLengths(old, now))
  return found.map((line, at) => ({ ...line, at }))
}

const removed = (text: string) => ({ kind: 'removed' as const, text })
const added = (text: string) => ({ kind: 'added' as const, text })

/** How many lines two tails have in common, for each pair of tails. */
function commonLengths(old: string[], now: string[]): Uint16Array[] {
  const rows = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1))
  for (let i = old.length - 1; i >= 0; i--) {
    const row = rows[i]
    const below = rows[i + 1]
    if (!row || !below) continue
    for (let j = now.length - 1; j >= 0; j--) {
      row[j] = old[i] === now[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0)
    }
  }
  return rows
}

function walk(old: string[], now: string[], common: Uint16Array[]): Omit<Line, 'at'>[] {
  const lines: Omit<Line, 'at'>[] = []
  let i = 0
  let j = 0
  while (i < old.length || j < now.length) {
    const was = old[i]
    const is = now[j]
    if (was !== undefined && was === is) {
      lines.push({ kind: 'same', text: was })
      i++
      j++
    } else if (
      was !== undefined &&
      (is === undefined || (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))
    ) {
      lines.push(removed(was))
      i++
    } else {
      lines.push(added(is ?? ''))
      j++
    }
  }
  return lines
}

/** Keeps the changed lines and a few around them; `undefined` stands for what is left out. */
export function nearChanges(lines: readonly Line[], around = 2): (Line | undefined)[] {
  const keep = new Set<number>()
  for (const [index, line] of lines.entries()) {
    if (line.kind === 'same') continue
    for (let near = index - around; near <= index + around; near++) keep.add(near)
  }
  const shown: (Line | undefined)[] = []
  for (const [index, line] of lines.entries()) {
    if (keep.has(index)) shown.push(line)
    else if (shown.length === 0 || shown.at(-1) !== undefined) shown.push(undefined)
  }
  return shown
}

/** What an agent's newer version does otherwise, in words that a reviewer reads. */
export function changesBetween(before: Agent, after: Agent): Change[] {
  const parts: [string, string, string][] = [
    ['Name', before.name, after.name],
    ['Description', before.description ?? '', after.description ?? ''],
    ['Instructions', before.system ?? '', after.system ?? ''],
    ['Model', modelText(before), modelText(after)],
    ...toolParts(before, after),
    ['Output schema', pretty(before.output_schema ?? []), pretty(after.output_schema ?? [])],
    ['MCP servers', pretty(before.mcp_servers), pretty(after.mcp_servers)],
    ['Skills', pretty(before.skills), pretty(after.skills)],
  ]
  return parts
    .filter(([, was, is]) => was !== is)
    .map(([label, was, is]) => ({ label, lines: compareLines(was, is) }))
}

function modelText({ model }: Agent): string {
  const lines = [model.id]
  if (model.fallbacks?.length) lines.push(`else ${model.fallbacks.join(', ')}`)
  if (model.effort) lines.push(`effort ${model.effort.type}`)
  if (model.speed) lines.push(`speed ${model.speed}`)
  return lines.join('\n')
}

type ShownTool = Agent['tools'][number]

/** What a tool is called in a list. */
export function toolName(tool: ShownTool): string {
  switch (tool.type) {
    case 'http':
    case 'custom':
      return tool.name
    case 'project_tool':
      return `project tool ${tool.number}`
    case 'mcp_toolset':
      return `tools of ${tool.mcp_server_name}`
    case 'signals':
      return 'signals'
    default:
      return 'built-in tools'
  }
}

function toolParts(before: Agent, after: Agent): [string, string, string][] {
  const names = new Set([...before.tools, ...after.tools].map(toolName))
  return [...names].map((name) => {
    const was = before.tools.find((tool) => toolName(tool) === name)
    const is = after.tools.find((tool) => toolName(tool) === name)
    return [`Tool ${name}`, was ? pretty(was) : '', is ? pretty(is) : '']
  })
}

function pretty(value: unknown): string {
  return same(value, []) ? '' : JSON.stringify(value, null, 2)
}
