import { Button } from '@/components/ui/button'
import { AreaField } from '@/components/ui/textField'
import type { ReadSchema } from './schema'

interface SchemaEditorProps {
  label: string
  hint: string
  value: string
  /** What is made of the text; nothing where it may be empty and is. */
  read: ReadSchema | undefined
  /** What the server said of it. */
  error?: string | undefined
  rows?: number
  onChange: (text: string) => void
}

/** A JSON Schema as text, with what is wrong in it and where. */
export function SchemaEditor({ label, hint, value, read, error, rows = 7, onChange }: SchemaEditorProps) {
  const first = read && 'faults' in read ? read.faults[0] : undefined
  const wrong = first && (first.path === '' ? first.message : `${first.path}: ${first.message}`)
  return (
    <div className="relative">
      <AreaField
        label={label}
        hint={hint}
        error={wrong ?? error}
        rows={rows}
        spellCheck={false}
        className="font-mono text-sm"
        value={value}
        onChange={onChange}
      />
      {read && 'schema' in read && (
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
