import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { ErrorNote } from '@/components/ui/states'
import { placeFault } from '@/lib/api/error'

interface FormDialogProps {
  title: string
  description?: ReactNode
  /** The verb on the button. */
  submit: string
  wide?: boolean
  disabled?: boolean
  onClose: () => void
  /** When it was taken; closes unless told. */
  onDone?: () => void
  /** What is thrown is shown: at its field if the form has that field, else below. */
  onSubmit: () => Promise<unknown>
  fields?: readonly string[]
  children: (faultOf: (field: string) => string | undefined) => ReactNode
}

/** A form in a dialog, which closes when it was taken. */
export function FormDialog({
  title,
  description,
  submit,
  wide = false,
  disabled = false,
  onClose,
  onDone = onClose,
  onSubmit,
  fields = [],
  children,
}: FormDialogProps) {
  const id = useId()
  const [isBusy, setIsBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const act = (event: FormEvent) => {
    event.preventDefault()
    setIsBusy(true)
    setError(undefined)
    onSubmit()
      .then(onDone, setError)
      .finally(() => setIsBusy(false))
  }
  const fault = placeFault(error, fields)
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={title}
      description={description}
      wide={wide}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={id} look="main" busy={isBusy} disabled={disabled}>
            {submit}
          </Button>
        </>
      }
    >
      <form id={id} onSubmit={act} className="flex flex-col gap-4">
        {children(fault.at)}
        {fault.below && <ErrorNote error={fault.below} />}
      </form>
    </Dialog>
  )
}
