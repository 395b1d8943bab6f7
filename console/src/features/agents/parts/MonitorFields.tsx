import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { Button } from '@/components/ui/button'
import { Field, Select } from '@/components/ui/field'
import { Menu, MenuItem } from '@/components/ui/menu'
import { AreaField, TextField } from '@/components/ui/textField'
import { Checkbox } from '@/components/ui/toggles'
import type { Schemas } from '@/lib/api/client'
import { useMay } from '@/lib/api/login'
import { readJson, whereBroken } from '@/lib/json'
import { type Deployment, membersQuery, projectsQuery, toolsQuery } from '../queries'
import { type Monitor, monitorOf, readSignals, SIGNALS } from './monitor'
import { isMonitor } from './trigger'

interface Form {
  project: string
  signals: string
  policy: 'off' | 'propose' | 'automatic'
  after: string
  tool: string
  input: string
  approvers: readonly string[]
}

export function monitorForm(deployment: Deployment | undefined): Form {
  const trigger = deployment?.trigger
  const shown = trigger && isMonitor(trigger) ? trigger : undefined
  const { signals, rollback } = monitorOf(shown?.monitor)
  return {
    project: shown?.project_id ?? '',
    signals: JSON.stringify(signals, null, 2),
    policy: rollback?.policy ?? 'off',
    after: String(rollback?.after ?? 2),
    tool: rollback?.tool ?? '',
    input: JSON.stringify(rollback?.['input'] ?? { to: 'previous', from: '{commit}' }, null, 2),
    approvers: rollback?.approvers ?? [],
  }
}

export function monitorTrigger(
  form: Form,
  deployment: Deployment | undefined,
): Schemas['TriggerParam'] | { fault: string } {
  const read = readSignals(form.signals)
  if ('fault' in read) return read
  const rollback = rollbackOf(form)
  if (rollback && typeof rollback['fault'] === 'string') return { fault: rollback['fault'] }
  const trigger = deployment?.trigger
  const { rollback: _, ...kept } = monitorOf(trigger && isMonitor(trigger) ? trigger.monitor : {})
  const monitor = { ...kept, signals: read.signals, ...(rollback ? { rollback } : {}) }
  return {
    type: 'rollout_monitor',
    project_id: form.project || null,
    monitor: monitor as unknown as Record<string, never>,
  }
}

function rollbackOf(form: Form): Monitor['rollback'] | { fault: string } | undefined {
  if (form.policy === 'off') return undefined
  if (form.tool === '') return { fault: 'Choose the tool that takes a rollout back.' }
  if (!/^[1-9]\d?$/.test(form.after)) return { fault: 'The number of critical looks is from 1 to 99.' }
  const input = readJson(form.input)
  if ('fault' in input) return { fault: `What the rollback is called with: ${input.fault}` }
  const approvers = form.approvers.length > 0 ? { approvers: [...form.approvers] } : {}
  return { policy: form.policy, after: Number(form.after), tool: form.tool, input: input.value, ...approvers }
}

export function MonitorFields({ form, onChange }: { form: Form; onChange: (form: Form) => void }) {
  const projects = useQuery(projectsQuery)
  const set = (change: Partial<Form>) => onChange({ ...form, ...change })
  const read = readSignals(form.signals)
  const add = (signal: Monitor['signals'][number]) => {
    const signals = 'signals' in read ? [...read.signals, signal] : [signal]
    set({ signals: JSON.stringify(signals, null, 2) })
  }
  return (
    <>
      <Field label="Project" hint="A project without a monitor of its own is watched by the one for all.">
        {(c) => (
          <Select {...c} value={form.project} onChange={(e) => set({ project: e.target.value })}>
            <option value="">All projects</option>
            {form.project && !projects.data?.some((one) => one.id === form.project) && (
              <option value={form.project}>{form.project}</option>
            )}
            {projects.data?.map((project) => (
              <option key={project.id} value={project.id}>
                {project.name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <div className="relative">
        <AreaField
          label="Signals"
          hint="What is looked at, with thresholds over what was before. The page on rollouts describes each."
          error={'fault' in read ? read.fault : undefined}
          rows={8}
          spellCheck={false}
          className="font-mono text-sm"
          value={form.signals}
          onChange={(text) => set({ signals: text })}
        />
        <div className="-top-1.5 absolute right-0">
          <Menu
            trigger={
              <Button look="quiet" size="sm" disabled={'fault' in read}>
                <Plus aria-hidden className="size-3.5" /> Add a signal
              </Button>
            }
          >
            {SIGNALS.map(({ label, signal }) => (
              <MenuItem key={label} onSelect={() => add(signal)}>
                {label}
              </MenuItem>
            ))}
          </Menu>
        </div>
      </div>
      <Field label="When it is critical">
        {(c) => (
          <Select
            {...c}
            value={form.policy}
            onChange={(e) => set({ policy: e.target.value as Form['policy'] })}
          >
            <option value="off">Say so, and do nothing</option>
            <option value="propose">Propose to take the rollout back</option>
            <option value="automatic">Take the rollout back at once</option>
          </Select>
        )}
      </Field>
      {form.policy !== 'off' && <RollbackFields form={form} onChange={set} />}
    </>
  )
}

function RollbackFields({ form, onChange }: { form: Form; onChange: (change: Partial<Form>) => void }) {
  const tools = useQuery(toolsQuery)
  const seesPeople = useMay('admin')
  const members = useQuery({ ...membersQuery, enabled: seesPeople })
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="With the tool" hint="An HTTP tool of the project">
          {(c) => (
            <Select {...c} value={form.tool} onChange={(e) => onChange({ tool: e.target.value })}>
              <option value="">Choose a tool</option>
              {form.tool && !tools.data?.some((tool) => tool.name === form.tool) && (
                <option>{form.tool}</option>
              )}
              {tools.data?.map((tool) => (
                <option key={tool.id}>{tool.name}</option>
              ))}
            </Select>
          )}
        </Field>
        <TextField
          label="After so many critical looks in a row"
          className="num"
          inputMode="numeric"
          value={form.after}
          onChange={(text) => onChange({ after: text })}
        />
      </div>
      <AreaField
        label="Called with"
        hint="{commit}, {ref}, {environment} and {metadata.NAME} stand for the rollout’s."
        error={whereBroken(form.input)}
        rows={4}
        spellCheck={false}
        className="font-mono text-sm"
        value={form.input}
        onChange={(text) => onChange({ input: text })}
      />
      {form.policy === 'propose' && seesPeople && (
        <fieldset className="flex flex-col gap-2 rounded-md border p-3">
          <legend className="px-1 font-medium text-sm">
            Who decides (nobody chosen: whoever may decide)
          </legend>
          {members.data?.map((member) => (
            <Checkbox
              key={member.id}
              label={member.name}
              checked={form.approvers.includes(member.id)}
              onChange={(isIn) =>
                onChange({
                  approvers: isIn
                    ? [...form.approvers, member.id]
                    : form.approvers.filter((one) => one !== member.id),
                })
              }
            />
          ))}
        </fieldset>
      )}
    </>
  )
}
