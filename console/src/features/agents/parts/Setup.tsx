import { Section } from '@/components/ui/page'
import { AreaField, TextField } from '@/components/ui/textField'
import type { Draft, Limits } from './draft'
import { ModelPicker } from './ModelPicker'
import { OutputSchema } from './OutputSchema'
import { ToolsEditor } from './ToolsEditor'

interface SetupProps {
  draft: Draft
  faults: Record<string, string>
  disabled: boolean
  onChange: (change: Partial<Draft>) => void
}

/** What an agent is: instructions, model, tools, the shape of its answers and limits. */
export function Setup({ draft, faults, disabled, onChange }: SetupProps) {
  return (
    <fieldset disabled={disabled} className="min-w-0">
      <Section title="What it is" description="The name is how people and programs find it.">
        <TextField
          label="Name"
          error={faults['name']}
          value={draft.name}
          maxLength={256}
          onChange={(text) => onChange({ name: text })}
        />
        <TextField
          label="Description"
          hint="For people; the model does not see it."
          value={draft.description}
          onChange={(text) => onChange({ description: text })}
        />
      </Section>
      <Section title="Instructions" description="What the model is told before anything else is said.">
        <AreaField
          label="Instructions"
          error={faults['system']}
          rows={10}
          value={draft.system}
          placeholder="You are a helpful assistant. Answer briefly and plainly."
          onChange={(text) => onChange({ system: text })}
        />
        <ModelPicker
          value={draft.model}
          error={faults['model']}
          disabled={disabled}
          onChange={(model) => onChange({ model })}
        />
      </Section>
      <Section
        title="Tools"
        description="What it may do beside talking, and whether somebody is asked before."
      >
        <ToolsEditor tools={draft.tools} onChange={(tools) => onChange({ tools })} />
      </Section>
      <Section
        title="Output"
        description="What every answer must fit. One that does not is asked for again, once."
      >
        <OutputSchema
          value={draft.outputSchema}
          error={faults['output_schema']}
          onChange={(outputSchema) => onChange({ outputSchema })}
        />
      </Section>
      <Section title="Limits" description="What all its sessions may spend together. Empty is no limit.">
        <LimitFields
          limits={draft.limits}
          faults={faults}
          onChange={(change) => onChange({ limits: { ...draft.limits, ...change } })}
        />
      </Section>
    </fieldset>
  )
}

const LIMITS: { field: keyof Limits; label: string; hint: string }[] = [
  { field: 'money', label: 'Money', hint: 'In US dollars, by the operator’s prices' },
  { field: 'tokens', label: 'Tokens', hint: 'Read and written' },
  { field: 'steps', label: 'Model calls', hint: 'Steps' },
  { field: 'toolCalls', label: 'Tool calls', hint: '' },
  { field: 'seconds', label: 'Seconds of work', hint: 'Waiting for people does not count' },
]

function LimitFields({
  limits,
  faults,
  onChange,
}: {
  limits: Limits
  faults: Record<string, string>
  onChange: (change: Partial<Limits>) => void
}) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {LIMITS.map(({ field, label, hint }) => (
        <TextField
          key={field}
          label={label}
          hint={hint}
          error={faults[field]}
          inputMode="decimal"
          className="num"
          placeholder="No limit"
          value={limits[field]}
          onChange={(text) => onChange({ [field]: text.trim() })}
        />
      ))}
    </div>
  )
}
