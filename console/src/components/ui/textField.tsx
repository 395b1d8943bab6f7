import type { ComponentProps, ReactNode } from 'react'
import { Field, Input, Textarea } from './field'

interface TextProps {
  label: ReactNode
  hint?: ReactNode
  error?: string | undefined
  value: string
  onChange: (text: string) => void
}

type Rest<Tag extends 'input' | 'textarea'> = Omit<ComponentProps<Tag>, keyof TextProps>

/** A line of text with its label. */
export function TextField({ label, hint, error, onChange, ...rest }: TextProps & Rest<'input'>) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => <Input {...control} {...rest} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  )
}

/** Some lines of text with their label. */
export function AreaField({ label, hint, error, onChange, ...rest }: TextProps & Rest<'textarea'>) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => <Textarea {...control} {...rest} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  )
}
