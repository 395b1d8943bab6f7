import { Button } from '@/components/ui/button'
import { SchemaEditor } from './SchemaEditor'
import { readSchema } from './schema'

interface OutputSchemaProps {
  value: string
  error: string | undefined
  onChange: (text: string) => void
}

const EXAMPLE = {
  type: 'object',
  properties: {
    summary: { type: 'string', description: 'In one sentence' },
    severity: { type: 'string', enum: ['low', 'medium', 'high'] },
    tags: { type: 'array', items: { type: 'string' } },
  },
  required: ['summary', 'severity'],
  additionalProperties: false,
}

/** The shape of what the agent answers; empty is plain text. */
export function OutputSchema({ value, error, onChange }: OutputSchemaProps) {
  const isEmpty = value.trim() === ''
  return (
    <div className="flex flex-col items-start gap-2">
      <div className="w-full">
        <SchemaEditor
          label="Output schema"
          hint="JSON Schema. Empty is plain text."
          value={value}
          read={isEmpty ? undefined : readSchema(value)}
          error={error}
          rows={isEmpty ? 4 : Math.min(20, Math.max(7, value.split('\n').length))}
          onChange={onChange}
        />
      </div>
      {isEmpty && (
        <Button size="sm" onClick={() => onChange(JSON.stringify(EXAMPLE, null, 2))}>
          Begin with an example
        </Button>
      )}
    </div>
  )
}
