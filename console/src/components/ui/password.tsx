import { Eye, EyeOff } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { IconButton } from './button'
import { Field, Input } from './field'

interface PasswordProps {
  label: string
  hint?: ReactNode
  error?: string | undefined
  value: string
  onChange: (password: string) => void
}

/** The password that somebody has. */
export function Password({ label, hint, error, value, onChange }: PasswordProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <Input
          {...control}
          type="password"
          autoComplete="current-password"
          required
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

/** As the server has it: there is no other rule. */
const LEAST = 10
const MOST = 256

/** A password that somebody chooses. It is typed once, so it can be looked at. */
export function NewPassword({ error, value, onChange }: Pick<PasswordProps, 'error' | 'value' | 'onChange'>) {
  const [isShown, setShown] = useState(false)
  return (
    <Field
      label="New password"
      hint={`At least ${LEAST} characters. A few words are better than a few signs.`}
      error={error}
    >
      {(control) => (
        <div className="flex items-center gap-1">
          <Input
            {...control}
            type={isShown ? 'text' : 'password'}
            autoComplete="new-password"
            spellCheck={false}
            required
            minLength={LEAST}
            maxLength={MOST}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
          <IconButton
            label={isShown ? 'Hide what is typed' : 'Show what is typed'}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? <EyeOff /> : <Eye />}
          </IconButton>
        </div>
      )}
    </Field>
  )
}
