import { Button } from '@/components/ui/button'
import { Field, Textarea } from '@/components/ui/field'
import { readSchema } from './schema'

/** A JSON Schema as text, with what is wrong in it and where. */
export function SchemaEditor({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange: (text: string) => void
}) {
  const read = readSchema(value)
  const first = 'faults' in read ? read.faults[0] : undefined
  const error = first && (first.path === '' ? first.message : `${first.path}: ${first.message}`)
  return (
    <div className="relative">
      <Field label={label} hint="JSON Schema of an object" error={error}>
        {(control) => (
          <Textarea
            {...control}
            rows={7}
            spellCheck={false}
            className="font-mono text-sm"
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
        )}
      </Field>
      {'schema' in read && (
        <Button
          look="quiet"
          size="sm"
          className="-top-1.5 absolute right-0"
          onClick={() => onChange(JSON.stringify(read.schema, null, 2))}
        >
          Format
        </Button>
      )}
    </div>
  )
}
