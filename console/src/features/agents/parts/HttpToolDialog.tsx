import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field, Input, Select, Textarea } from '@/components/ui/field'
import { ErrorNote } from '@/components/ui/states'
import { Checkbox } from '@/components/ui/toggles'
import { api, data, type Schemas } from '@/lib/api/client'
import { asApiError } from '@/lib/api/error'
import type { Tool } from './draft'
import { SchemaEditor } from './SchemaEditor'
import { readObjectSchema } from './schema'

type HttpTool = Extract<Tool, { type: 'http' }>

interface Form {
  name: string
  description: string
  method: string
  url: string
  headers: string
  schema: string
  seconds: string
}

interface DialogProps {
  /** The one that is changed; a new one otherwise. */
  tool: HttpTool | undefined
  onClose: () => void
  onDone: (tool: Tool) => void
}

/** A tool that the server calls over HTTP: the agent's own, or one that the project keeps for all. */
export function HttpToolDialog({ tool, onClose, onDone }: DialogProps) {
  const [form, setForm] = useState(() => formOf(tool))
  const [isShared, setShared] = useState(false)
  const [showFaults, setShowFaults] = useState(false)
  const client = useQueryClient()
  const share = useMutation({
    mutationFn: (body: Schemas['HttpToolParam']) => data(api.POST('/v1/tools', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tools'] }),
  })
  const faults = faultsOf(form)
  const told = showFaults ? faults : {}
  const set = (change: Partial<Form>) => setForm({ ...form, ...change })
  const save = async () => {
    setShowFaults(true)
    if (Object.keys(faults).length > 0) return
    const param = paramOf(form)
    if (!isShared) {
      const kept = tool ? { permission_policy: tool.permission_policy ?? null } : {}
      const asks = param.method !== 'GET' && param.method !== 'HEAD'
      const type = asks ? ('always_ask' as const) : ('always_allow' as const)
      onDone({ type: 'http', permission_policy: { type }, ...param, ...kept })
      return
    }
    share.mutate(param, {
      onSuccess: (made) => {
        const type = made.effect === 'read' ? ('always_allow' as const) : ('always_ask' as const)
        onDone({ type: 'project_tool', number: made.number, permission_policy: { type } })
      },
    })
  }
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => open || onClose()}
      title={tool ? `Change ${tool.name}` : 'New HTTP tool'}
      description="The server makes the call; the model chooses the arguments."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="main" busy={share.isPending} onClick={() => void save()}>
            {tool ? 'Take over' : 'Add'}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label="Name" hint="Letters, digits, _ and -" error={told['name']}>
          {(c) => (
            <Input
              {...c}
              className="font-mono"
              value={form.name}
              onChange={(e) => set({ name: e.target.value })}
            />
          )}
        </Field>
        <Field label="What it does, for the model" error={told['description']}>
          {(c) => (
            <Textarea
              {...c}
              rows={2}
              value={form.description}
              onChange={(e) => set({ description: e.target.value })}
            />
          )}
        </Field>
        <div className="grid gap-4 sm:grid-cols-[7rem_minmax(0,1fr)]">
          <Field label="Method">
            {(c) => (
              <Select {...c} value={form.method} onChange={(e) => set({ method: e.target.value })}>
                {['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'].map((method) => (
                  <option key={method}>{method}</option>
                ))}
              </Select>
            )}
          </Field>
          <Field label="Address" hint="{name} stands for the argument of that name" error={told['url']}>
            {(c) => (
              <Input
                {...c}
                className="font-mono"
                placeholder="https://rooms.example.com/bookings/{room}"
                value={form.url}
                onChange={(e) => set({ url: e.target.value })}
              />
            )}
          </Field>
        </div>
        <SchemaEditor
          label="Arguments"
          hint="JSON Schema of an object"
          value={form.schema}
          read={readObjectSchema(form.schema)}
          onChange={(schema) => set({ schema })}
        />
        <Field
          label="Headers"
          hint="One in a line, as Authorization: Bearer …. Values are sealed and never shown again."
          error={told['headers']}
        >
          {(c) => (
            <Textarea
              {...c}
              rows={2}
              className="font-mono"
              value={form.headers}
              onChange={(e) => set({ headers: e.target.value })}
            />
          )}
        </Field>
        <Field label="Seconds that a call may take" error={told['seconds']} className="sm:w-64">
          {(c) => (
            <Input
              {...c}
              className="num"
              inputMode="numeric"
              value={form.seconds}
              onChange={(e) => set({ seconds: e.target.value })}
            />
          )}
        </Field>
        {!tool && (
          <Checkbox
            label="Keep it for the whole project"
            hint="Other agents of the project can use it too; it is made at once."
            checked={isShared}
            onChange={setShared}
          />
        )}
        {share.isError && <ErrorNote error={asApiError(share.error)} />}
      </div>
    </Dialog>
  )
}

function formOf(tool: HttpTool | undefined): Form {
  return {
    name: tool?.name ?? '',
    description: tool?.description ?? '',
    method: tool?.method ?? 'GET',
    url: tool?.url ?? '',
    headers: Object.entries(tool?.headers ?? {})
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    schema: JSON.stringify(tool?.input_schema ?? { type: 'object', properties: {} }, null, 2),
    seconds: String((tool?.timeout_ms ?? 30_000) / 1000),
  }
}

function faultsOf(form: Form): Record<string, string> {
  const faults: Record<string, string> = {}
  if (!/^[\w-]{1,128}$/.test(form.name)) faults['name'] = '1 to 128 letters, digits, _ or -.'
  if (form.description.trim() === '') faults['description'] = 'The model needs to know what it is for.'
  if (!/^https?:\/\/\S+$/.test(form.url)) faults['url'] = 'An address that begins with http:// or https://.'
  if (headersOf(form.headers) === undefined) faults['headers'] = 'Each line is a name, a colon and a value.'
  if (!/^\d{1,4}(\.\d+)?$/.test(form.seconds)) faults['seconds'] = 'A number of seconds.'
  if ('faults' in readObjectSchema(form.schema)) faults['schema'] = 'Correct the schema.'
  return faults
}

function headersOf(text: string): Record<string, string> | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const pairs = lines.map((line) => /^([\w-]+)\s*:\s*(.+)$/.exec(line.trim()))
  if (pairs.some((pair) => pair === null)) return undefined
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1] ?? '', pair[2] ?? '']] : [])))
}

function paramOf(form: Form): Schemas['HttpToolParam'] {
  const read = readObjectSchema(form.schema)
  return {
    name: form.name,
    description: form.description.trim(),
    method: form.method,
    url: form.url.trim(),
    headers: headersOf(form.headers) ?? {},
    timeout_ms: Math.round(Number(form.seconds) * 1000),
    input_schema: ('schema' in read ? read.schema : {}) as Record<string, never>,
  }
}
