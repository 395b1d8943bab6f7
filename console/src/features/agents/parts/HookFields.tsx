import { Field, Select } from '@/components/ui/field'
import { AreaField, TextField } from '@/components/ui/textField'
import { Checkbox } from '@/components/ui/toggles'
import type { Schemas } from '@/lib/api/client'
import { readPairs } from '@/lib/lines'
import type { Deployment } from '../queries'
import { type HookTrigger, hookOf } from './trigger'

type Scheme = 'none' | 'standard_webhooks' | 'github'

interface Form {
  template: string
  fields: string
  scheme: Scheme
  secret: string
  requiresKey: boolean
  returnsResults: boolean
  dedupe: string
  /** Not changed here: sent back as it is. */
  filter: HookTrigger['filter']
}

const FIELDS = { form: /^([\w-]+)\s*=\s*(\/\S*)$/, words: 'such as number = /issue/number' }

export function hookForm(deployment: Deployment | undefined): Form {
  const hook = deployment && hookOf(deployment)
  return {
    template: hook?.template ?? '',
    fields: Object.entries(hook?.fields ?? {})
      .map(([name, pointer]) => `${name} = ${pointer}`)
      .join('\n'),
    scheme: hook?.signature?.scheme ?? 'none',
    secret: hook?.signature?.secret ?? '',
    requiresKey: hook?.requires_key ?? false,
    returnsResults: hook?.returns_results ?? false,
    dedupe: hook?.dedupe ?? '',
    filter: hook?.filter ?? [],
  }
}

export function hookTrigger(form: Form): Schemas['TriggerParam'] | { fault: string } {
  const fields = readPairs(form.fields, FIELDS)
  if ('fault' in fields) return { fault: `Fields: ${fields.fault}` }
  if (form.scheme !== 'none' && form.secret === '') return { fault: 'Signed messages need a secret.' }
  return {
    type: 'webhook',
    template: form.template || null,
    fields: fields.pairs,
    filter: form.filter as Schemas['ConditionParam'][],
    dedupe: form.dedupe || null,
    signature: form.scheme === 'none' ? null : { scheme: form.scheme, secret: form.secret },
    requires_key: form.requiresKey,
    returns_results: form.returnsResults,
  }
}

export function HookFields({ form, onChange }: { form: Form; onChange: (form: Form) => void }) {
  const set = (change: Partial<Form>) => onChange({ ...form, ...change })
  return (
    <>
      <AreaField
        label="What the agent is told"
        hint="{{name}} stands for a field. Empty: the whole message, as data."
        rows={3}
        placeholder="Triage issue {{number}}: {{title}}"
        value={form.template}
        onChange={(text) => set({ template: text })}
      />
      <AreaField
        label="Fields"
        hint="Where each stands in the message, one in a line: number = /issue/number"
        rows={2}
        className="font-mono"
        value={form.fields}
        onChange={(text) => set({ fields: text })}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Signed">
          {(c) => (
            <Select {...c} value={form.scheme} onChange={(e) => set({ scheme: e.target.value as Scheme })}>
              <option value="none">Not signed</option>
              <option value="standard_webhooks">Standard Webhooks</option>
              <option value="github">As GitHub does</option>
            </Select>
          )}
        </Field>
        {form.scheme !== 'none' && (
          <TextField
            label="Secret"
            hint="Sealed, and never shown again"
            type="password"
            autoComplete="new-password"
            value={form.secret}
            onChange={(text) => set({ secret: text })}
          />
        )}
      </div>
      <TextField
        label="Name of a message"
        hint="A JSON pointer such as /delivery/id: one name begins one run a day."
        className="font-mono"
        value={form.dedupe}
        onChange={(text) => set({ dedupe: text })}
      />
      <Checkbox
        label="Require an API key"
        checked={form.requiresKey}
        onChange={(requiresKey) => set({ requiresKey })}
      />
      <Checkbox
        label="Answer with the results"
        hint="The sender waits until the run has ended."
        checked={form.returnsResults}
        onChange={(returnsResults) => set({ returnsResults })}
      />
    </>
  )
}
