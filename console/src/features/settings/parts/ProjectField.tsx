import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Field, Select } from '@/components/ui/field'
import { projectsQuery } from '../queries'

interface ProjectFieldProps {
  label: string
  hint?: ReactNode
  error?: string | undefined
  /** What no project in particular is called. */
  all: string
  /** A project’s id; empty for none in particular. */
  value: string
  onChange: (project: string) => void
}

export function ProjectField({ label, hint, error, all, value, onChange }: ProjectFieldProps) {
  const { data: projects } = useQuery(projectsQuery)
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <Select {...control} value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">{all}</option>
          {projects?.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}
