import { Field, Select } from '@/components/ui/field'
import { AreaField, TextField } from '@/components/ui/textField'
import { Switch } from '@/components/ui/toggles'
import type { Schemas } from '@/lib/api/client'
import { linesOf } from '@/lib/lines'
import type { Deployment } from '../queries'
import { isEmbed, originFault } from './trigger'

interface Form {
  origins: string
  secure: boolean
  theme: string
  color: string
  position: string
  greeting: string
  starters: string
}

export function embedForm(deployment: Deployment | undefined): Form {
  const trigger = deployment?.trigger
  const shown = trigger && isEmbed(trigger) ? trigger : undefined
  return {
    origins: shown?.allowed_origins.join('\n') ?? '',
    secure: shown?.secure ?? false,
    theme: shown?.theme ?? 'auto',
    color: shown?.color ?? '',
    position: shown?.position ?? 'right',
    greeting: shown?.greeting ?? '',
    starters: shown?.starters.join('\n') ?? '',
  }
}

export function embedTrigger(form: Form): Schemas['TriggerParam'] | { fault: string } {
  const origins = linesOf(form.origins)
  const starters = linesOf(form.starters)
  const fault = origins.map(originFault).find((one) => one !== undefined)
  if (fault) return { fault }
  if (origins.length > 50) return { fault: 'At most 50 sites.' }
  if (starters.length > 10) return { fault: 'At most 10 starters.' }
  if (form.color !== '' && !/^#[0-9a-f]{6}$/i.test(form.color)) {
    return { fault: 'A colour is # and six digits from 0 to f, as #2255cc.' }
  }
  return {
    type: 'embed',
    allowed_origins: origins,
    secure: form.secure,
    theme: form.theme,
    color: form.color || null,
    position: form.position,
    greeting: form.greeting || null,
    starters,
  }
}

export function EmbedFields({ form, onChange }: { form: Form; onChange: (form: Form) => void }) {
  return (
    <>
      <AreaField
        label="Sites that may show it"
        hint={`One in a line, as https://www.example.org. ${form.secure ? 'None: nobody can show it.' : 'None: any site can.'}`}
        rows={2}
        className="font-mono"
        value={form.origins}
        onChange={(text) => onChange({ ...form, origins: text })}
      />
      <Switch
        label="Verified visitors only"
        hint="Your back end asks for a token for each visitor; without one the chat does not open."
        checked={form.secure}
        onChange={(secure) => onChange({ ...form, secure })}
      />
      <TextField
        label="Greeting"
        hint="What stands there before anything is said."
        value={form.greeting}
        onChange={(text) => onChange({ ...form, greeting: text })}
      />
      <div className="grid gap-4 sm:grid-cols-3">
        <Field label="Corner">
          {(c) => (
            <Select
              {...c}
              value={form.position}
              onChange={(e) => onChange({ ...form, position: e.target.value })}
            >
              <option value="right">Bottom right</option>
              <option value="left">Bottom left</option>
            </Select>
          )}
        </Field>
        <TextField
          label="Colour"
          hint="Of its buttons; ours if empty."
          className="font-mono"
          placeholder="#2255cc"
          value={form.color}
          onChange={(text) => onChange({ ...form, color: text.trim() })}
        />
        <Field label="Theme">
          {(c) => (
            <Select {...c} value={form.theme} onChange={(e) => onChange({ ...form, theme: e.target.value })}>
              <option value="auto">As the visitor’s</option>
              <option value="light">Light</option>
              <option value="dark">Dark</option>
            </Select>
          )}
        </Field>
      </div>
      <AreaField
        label="Starters"
        hint="What a visitor might begin with, one in a line, at most 10."
        rows={3}
        value={form.starters}
        onChange={(text) => onChange({ ...form, starters: text })}
      />
    </>
  )
}
