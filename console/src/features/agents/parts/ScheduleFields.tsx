import { Field, Input, Select } from '@/components/ui/field'
import { AreaField } from '@/components/ui/textField'
import type { Schemas } from '@/lib/api/client'
import type { Deployment } from '../queries'
import { cronWords } from './cron'

interface Form {
  expression: string
  zone: string
}

const EXAMPLES: [string, string][] = [
  ['0 9 * * MON-FRI', 'Every weekday at 09:00'],
  ['0 * * * *', 'Every hour'],
  ['*/15 * * * *', 'Every 15 minutes'],
  ['0 7 * * *', 'Every day at 07:00'],
  ['0 8 * * MON', 'Every Monday at 08:00'],
  ['0 6 1 * *', 'On the first of every month at 06:00'],
]

export function scheduleForm(deployment: Deployment | undefined): Form {
  return {
    expression: deployment?.schedule?.expression ?? '0 9 * * MON-FRI',
    zone: deployment?.schedule?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
  }
}

export function scheduleTrigger(form: Form, message: string): Schemas['TriggerParam'] | { fault: string } {
  if (form.expression.trim().split(/\s+/).length !== 5) {
    return { fault: 'A schedule has five fields: minute, hour, day of the month, month, day of the week.' }
  }
  if (message.trim() === '') return { fault: 'Say what the agent is told when it begins.' }
  return { type: 'schedule', expression: form.expression.trim(), timezone: form.zone }
}

interface FieldsProps {
  form: Form
  onChange: (form: Form) => void
  message: string
  onMessage: (text: string) => void
}

export function ScheduleFields({ form, onChange, message, onMessage }: FieldsProps) {
  const words = cronWords(form.expression)
  const zones = [...new Set([form.zone, 'UTC', ...Intl.supportedValuesOf('timeZone')])]
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="When"
          hint={
            words ? (
              <span className="inline-block first-letter:uppercase">{words}</span>
            ) : (
              'Minute, hour, day, month, weekday'
            )
          }
        >
          {(control) => (
            <Input
              {...control}
              className="font-mono"
              value={form.expression}
              onChange={(event) => onChange({ ...form, expression: event.target.value })}
            />
          )}
        </Field>
        <Field label="Or one of these">
          {(control) => (
            <Select
              {...control}
              value={EXAMPLES.some(([value]) => value === form.expression) ? form.expression : ''}
              onChange={(event) =>
                event.target.value && onChange({ ...form, expression: event.target.value })
              }
            >
              <option value="">As typed</option>
              {EXAMPLES.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      <Field label="Time zone" hint="The next times are shown when it is saved.">
        {(control) => (
          <Select
            {...control}
            value={form.zone}
            onChange={(event) => onChange({ ...form, zone: event.target.value })}
          >
            {zones.map((zone) => (
              <option key={zone}>{zone}</option>
            ))}
          </Select>
        )}
      </Field>
      <AreaField
        label="First message"
        hint="What the agent is told each time."
        placeholder="What happened last night?"
        value={message}
        onChange={onMessage}
      />
    </>
  )
}
