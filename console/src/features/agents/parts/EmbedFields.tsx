import { Field, Input, Select, Textarea } from '@/components/ui/field'
import { Switch } from '@/components/ui/toggles'
import type { Schemas } from '@/lib/api/client'
import type { Deployment } from '../queries'
import { isEmbed, linesOf, originFault } from './trigger'

interface Form {
  origins: string
  secure: boolean
  theme: string
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
  return {
    type: 'embed',
    allowed_origins: origins,
    secure: form.secure,
    theme: form.theme,
    greeting: form.greeting || null,
    starters,
  }
}

export function EmbedFields({ form, onChange }: { form: Form; onChange: (form: Form) => void }) {
  return (
    <>
      <Field
        label="Sites that may show it"
        hint={`One in a line, as https://www.example.org. ${form.secure ? 'None: nobody can show it.' : 'None: any site can.'}`}
      >
        {(c) => (
          <Textarea
            {...c}
            rows={2}
            className="font-mono"
            value={form.origins}
            onChange={(e) => onChange({ ...form, origins: e.target.value })}
          />
        )}
      </Field>
      <Switch
        label="Verified visitors only"
        hint="Your back end asks for a token for each visitor; without one the chat does not open."
        checked={form.secure}
        onChange={(secure) => onChange({ ...form, secure })}
      />
      <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_10rem]">
        <Field label="Greeting" hint="What stands there before anything is said.">
          {(c) => (
            <Input
              {...c}
              value={form.greeting}
              onChange={(e) => onChange({ ...form, greeting: e.target.value })}
            />
          )}
        </Field>
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
      <Field label="Starters" hint="What a visitor might begin with, one in a line, at most 10.">
        {(c) => (
          <Textarea
            {...c}
            rows={3}
            value={form.starters}
            onChange={(e) => onChange({ ...form, starters: e.target.value })}
          />
        )}
      </Field>
    </>
  )
}
