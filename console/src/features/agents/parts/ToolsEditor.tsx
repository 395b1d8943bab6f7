import { useQuery } from '@tanstack/react-query'
import { Globe, PencilLine, Plus, Radar, Trash2, Unplug, Wrench } from 'lucide-react'
import { useState } from 'react'
import { Button, IconButton } from '@/components/ui/button'
import { Select } from '@/components/ui/field'
import { Menu, MenuItem, MenuLabel, MenuSeparator } from '@/components/ui/menu'
import { Badge } from '@/components/ui/status'
import type { Schemas } from '@/lib/api/client'
import { toolsQuery } from '../queries'
import type { Tool } from './draft'
import { HttpToolDialog } from './HttpToolDialog'

type Policy = Schemas['Policy']['type']

const POLICIES: [Policy, string][] = [
  ['always_allow', 'runs at once'],
  ['always_ask', 'asks a person'],
  ['auto', 'a model judges, else asks'],
  ['always_deny', 'never runs'],
]

const EFFECTS: [Schemas['EffectParam'], string][] = [
  ['read', 'only reads'],
  ['idempotent', 'may be repeated'],
  ['unsafe', 'must not be repeated'],
]

interface EditorProps {
  tools: readonly Tool[]
  onChange: (tools: Tool[]) => void
}

export function ToolsEditor({ tools, onChange }: EditorProps) {
  const [editing, setEditing] = useState<number | 'new'>()
  const change = (index: number, tool: Tool) => onChange(tools.with(index, tool))
  const edited = typeof editing === 'number' ? tools[editing] : undefined
  return (
    <div className="flex flex-col gap-3">
      {tools.length > 0 && (
        <ul className="divide-y rounded-md border">
          {tools.map((tool, index) => (
            <ToolRow
              key={keyOf(tool)}
              tool={tool}
              onChange={(next) => change(index, next)}
              onEdit={tool.type === 'http' ? () => setEditing(index) : undefined}
              onRemove={() => onChange(tools.toSpliced(index, 1))}
            />
          ))}
        </ul>
      )}
      {tools.length === 0 && <p className="text-muted">It has no tools: it can only talk.</p>}
      <AddTool tools={tools} onNew={() => setEditing('new')} onAdd={(tool) => onChange([...tools, tool])} />
      {editing !== undefined && (
        <HttpToolDialog
          tool={edited?.type === 'http' ? edited : undefined}
          onClose={() => setEditing(undefined)}
          onDone={(tool) => {
            if (typeof editing === 'number') change(editing, tool)
            else onChange([...tools, tool])
            setEditing(undefined)
          }}
        />
      )}
    </div>
  )
}

function keyOf(tool: Tool): string {
  if (tool.type === 'http' || tool.type === 'custom') return `${tool.type}:${tool.name}`
  if (tool.type === 'project_tool') return `project:${tool.number}`
  return tool.type === 'mcp_toolset' ? `mcp:${tool.mcp_server_name}` : tool.type
}

function AddTool({
  tools,
  onNew,
  onAdd,
}: {
  tools: readonly Tool[]
  onNew: () => void
  onAdd: (tool: Tool) => void
}) {
  const offered = useQuery(toolsQuery)
  const free = (offered.data ?? []).filter(
    (one) => !tools.some((tool) => tool.type === 'project_tool' && tool.number === one.number),
  )
  return (
    <div>
      <Menu
        align="start"
        trigger={
          <Button size="sm">
            <Plus aria-hidden className="size-3.5" /> Add a tool
          </Button>
        }
      >
        <MenuItem icon={<Globe />} onSelect={onNew}>
          HTTP tool of its own…
        </MenuItem>
        {!tools.some((tool) => tool.type === 'signals') && (
          <MenuItem
            icon={<Radar />}
            onSelect={() => onAdd({ type: 'signals', permission_policy: { type: 'always_allow' } })}
          >
            Signals of its project
          </MenuItem>
        )}
        {free.length > 0 && (
          <>
            <MenuSeparator />
            <MenuLabel>Tools of the project</MenuLabel>
            {free.map((one) => (
              <MenuItem
                key={one.id}
                icon={<Wrench />}
                onSelect={() => {
                  const asks = one.effect !== 'read'
                  const type = asks ? 'always_ask' : 'always_allow'
                  onAdd({ type: 'project_tool', number: one.number, permission_policy: { type } })
                }}
              >
                {one.name}
              </MenuItem>
            ))}
          </>
        )}
      </Menu>
    </div>
  )
}

interface RowProps {
  tool: Tool
  onChange: (tool: Tool) => void
  onEdit: (() => void) | undefined
  onRemove: () => void
}

function ToolRow({ tool, onChange, onEdit, onRemove }: RowProps) {
  const { name, about, icon: Icon } = useShownTool(tool)
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-3 py-2">
      <Icon aria-hidden className="size-4 shrink-0 text-faint" />
      <div className="min-w-0 flex-1 basis-[60%]">
        <p className="truncate font-medium font-mono text-sm">{name}</p>
        <p className="truncate text-muted text-sm">{about}</p>
      </div>
      <span className="ml-auto flex shrink-0">
        {onEdit && (
          <IconButton label={`Change ${name}`} size="sm" onClick={onEdit}>
            <PencilLine />
          </IconButton>
        )}
        <IconButton label={`Remove ${name}`} size="sm" onClick={onRemove}>
          <Trash2 />
        </IconButton>
      </span>
      {tool.type === 'http' && (
        <Select
          aria-label={`What ${name} does to the world`}
          className="w-auto!"
          value={tool.effect ?? 'unsafe'}
          onChange={(event) => onChange({ ...tool, effect: event.target.value as Schemas['EffectParam'] })}
        >
          {EFFECTS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      )}
      {'permission_policy' in tool && (
        <Select
          aria-label={`Whether ${name} asks`}
          className="w-auto!"
          value={tool.permission_policy?.type ?? 'always_ask'}
          onChange={(event) =>
            onChange({ ...tool, permission_policy: { type: event.target.value as Policy } })
          }
        >
          {POLICIES.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      )}
      {tool.type === 'custom' && <Badge>answered by your program</Badge>}
    </li>
  )
}

function useShownTool(tool: Tool) {
  const offered = useQuery(toolsQuery)
  switch (tool.type) {
    case 'http':
      return { name: tool.name, about: `${tool.method} ${tool.url}`, icon: Globe }
    case 'custom':
      return { name: tool.name, about: tool.description, icon: Unplug }
    case 'project_tool': {
      const known = offered.data?.find((one) => one.number === tool.number)
      const about = known
        ? `${known.method} ${known.url} · ${known.effect}`
        : `Tool ${tool.number} of the project`
      return { name: known?.name ?? `tool ${tool.number}`, about, icon: Wrench }
    }
    case 'signals':
      return { name: 'signals', about: 'Lists and reads the signals of its project', icon: Radar }
    case 'mcp_toolset':
      return { name: tool.mcp_server_name, about: 'Tools of an MCP server', icon: Unplug }
    default:
      return { name: 'built-in tools', about: tool.type, icon: Wrench }
  }
}
