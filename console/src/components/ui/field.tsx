import { type ComponentProps, type ReactNode, useId } from 'react'
import { cx } from '@/lib/classes'

const CONTROL =
  'w-full rounded-md border border-control bg-raised px-2.5 text-base text-ink transition-colors ' +
  'hover:border-muted aria-invalid:border-bad disabled:opacity-60 coarse:text-lg'

export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input autoComplete="off" {...rest} className={cx(CONTROL, 'h-8', className)} />
}

export function Textarea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea rows={4} {...rest} className={cx(CONTROL, 'min-h-16 resize-y py-1.5', className)} />
}

/** The browser's own list: it works everywhere, and injects no style. */
export function Select({ className, children, ...rest }: ComponentProps<'select'>) {
  return (
    <select {...rest} className={cx(CONTROL, 'h-8 pr-7', className)}>
      {children}
    </select>
  )
}

/** What a field's control is to carry. */
export interface FieldControl {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

interface FieldProps {
  label: ReactNode
  /** What to know before typing. */
  hint?: ReactNode
  /** What is wrong with what was typed. */
  error?: string | undefined
  className?: string
  children: (control: FieldControl) => ReactNode
}

/** A label, its control, and what is wrong: `<Field label="Name">{(c) => <Input {...c} />}</Field>`. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId()
  const about = error ? `${id}-error` : hint ? `${id}-hint` : undefined
  return (
    <div className={cx('flex flex-col gap-1.5', className)}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {children({ id, 'aria-describedby': about, 'aria-invalid': error ? true : undefined })}
      {error ? (
        <p id={`${id}-error`} role="alert" className="text-sm text-bad">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className="text-sm text-muted">
            {hint}
          </p>
        )
      )}
    </div>
  )
}
