import { Check } from 'lucide-react'
import { Checkbox as CheckboxParts, Switch as SwitchParts } from 'radix-ui'
import { type ReactNode, useId } from 'react'

interface ToggleProps {
  label: ReactNode
  hint?: ReactNode
  checked: boolean
  onChange: (checked: boolean) => void
  disabled?: boolean
}

export function Checkbox({ label, hint, checked, onChange, disabled = false }: ToggleProps) {
  const id = useId()
  return (
    <div className="flex items-start gap-2">
      <CheckboxParts.Root
        id={id}
        checked={checked}
        disabled={disabled}
        onCheckedChange={(next) => onChange(next === true)}
        className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-sm border border-control bg-raised data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <CheckboxParts.Indicator>
          <Check aria-hidden className="size-3 text-on-accent" strokeWidth={3} />
        </CheckboxParts.Indicator>
      </CheckboxParts.Root>
      <ToggleLabel id={id} label={label} hint={hint} />
    </div>
  )
}

export function Switch({ label, hint, checked, onChange, disabled = false }: ToggleProps) {
  const id = useId()
  return (
    <div className="flex items-start gap-2.5">
      <SwitchParts.Root
        id={id}
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
        className="mt-0.5 flex h-4 w-7 shrink-0 items-center rounded-full border border-control bg-sunken transition-colors data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <SwitchParts.Thumb className="size-2.5 translate-x-0.5 rounded-full bg-muted transition-transform data-[state=checked]:translate-x-3.5 data-[state=checked]:bg-on-accent" />
      </SwitchParts.Root>
      <ToggleLabel id={id} label={label} hint={hint} />
    </div>
  )
}

function ToggleLabel({ id, label, hint }: { id: string; label: ReactNode; hint: ReactNode }) {
  return (
    <label htmlFor={id} className="flex flex-col">
      <span>{label}</span>
      {hint && <span className="text-sm text-muted">{hint}</span>}
    </label>
  )
}
