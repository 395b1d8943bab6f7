import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field, Input, Select } from '@/components/ui/field'
import { ErrorNote } from '@/components/ui/states'
import { AreaField, TextField } from '@/components/ui/textField'
import { Checkbox } from '@/components/ui/toggles'
import { api, data, type Schemas } from '@/lib/api/client'
import { asApiError } from '@/lib/api/error'
import type { Tool } from './draft'
import { faultsOf, formOf, type HttpForm, type HttpTool, METHODS, paramOf, toolOf } from './httpTool'
import { SchemaEditor } from './SchemaEditor'
import { readObjectSchema } from './schema'

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
  const set = (change: Partial<HttpForm>) => setForm({ ...form, ...change })
  const save = () => {
    setShowFaults(true)
    if (Object.keys(faults).length > 0) return
    if (!isShared) {
      onDone(toolOf(form, tool))
      return
    }
    share.mutate(paramOf(form), {
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
          <Button look="main" busy={share.isPending} onClick={save}>
            {tool ? 'Take over' : 'Add'}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <ToolFields form={form} told={told} onChange={set} />
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

interface FieldsProps {
  form: HttpForm
  told: Record<string, string>
  onChange: (change: Partial<HttpForm>) => void
}

function ToolFields({ form, told, onChange }: FieldsProps) {
  return (
    <>
      <TextField
        label="Name"
        hint="Letters, digits, _ and -"
        error={told['name']}
        className="font-mono"
        value={form.name}
        onChange={(text) => onChange({ name: text })}
      />
      <AreaField
        label="What it does, for the model"
        error={told['description']}
        rows={2}
        value={form.description}
        onChange={(text) => onChange({ description: text })}
      />
      <div className="grid gap-4 sm:grid-cols-[7rem_minmax(0,1fr)]">
        <Field label="Method">
          {(c) => (
            <Select {...c} value={form.method} onChange={(e) => onChange({ method: e.target.value })}>
              {METHODS.map((method) => (
                <option key={method}>{method}</option>
              ))}
            </Select>
          )}
        </Field>
        <TextField
          label="Address"
          hint="{name} stands for the argument of that name"
          error={told['url']}
          className="font-mono"
          placeholder="https://rooms.example.com/bookings/{room}"
          value={form.url}
          onChange={(text) => onChange({ url: text })}
        />
      </div>
      <SchemaEditor
        label="Arguments"
        hint="JSON Schema of an object"
        value={form.schema}
        read={readObjectSchema(form.schema)}
        onChange={(schema) => onChange({ schema })}
      />
      <AreaField
        label="Headers"
        hint="One in a line, as Authorization: Bearer …. Values are sealed and never shown again."
        error={told['headers']}
        rows={2}
        className="font-mono"
        value={form.headers}
        onChange={(text) => onChange({ headers: text })}
      />
      <Field label="Seconds that a call may take" error={told['seconds']} className="sm:w-64">
        {(c) => (
          <Input
            {...c}
            className="num"
            inputMode="numeric"
            value={form.seconds}
            onChange={(e) => onChange({ seconds: e.target.value })}
          />
        )}
      </Field>
    </>
  )
}
