import { X } from 'lucide-react'
import { Dialog as Parts } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { asApiError } from '@/lib/api/error'
import { cx } from '@/lib/classes'
import { Button } from './button'
import { ErrorNote } from './states'

interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  /** One sentence under the title, read with it. */
  description?: ReactNode
  children?: ReactNode
  /** Buttons, the main one last. */
  actions?: ReactNode
  wide?: boolean
}

/**
 * A dialog. Radix's own overlay locks the page by an injected style, which the content
 * security policy refuses; the veil here is ours.
 */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  actions,
  wide = false,
}: DialogProps) {
  return (
    <Parts.Root open={open} onOpenChange={onOpenChange}>
      <Parts.Portal>
        <div aria-hidden className="fixed inset-0 z-40 animate-appear bg-veil" />
        <Parts.Content
          {...(description ? {} : { 'aria-describedby': undefined })}
          onOpenAutoFocus={focusBody}
          className={cx(
            'fixed inset-x-0 bottom-0 z-40 mx-auto flex max-h-[92dvh] animate-appear flex-col bg-raised shadow-float',
            'rounded-t-lg sm:top-[12dvh] sm:bottom-auto sm:max-h-[76dvh] sm:rounded-lg',
            wide ? 'sm:max-w-3xl' : 'sm:max-w-lg',
          )}
        >
          <header className="px-5 pt-4 pr-12 pb-3">
            <div>
              <Parts.Title className="text-lg font-semibold">{title}</Parts.Title>
              {description && (
                <Parts.Description className="mt-0.5 text-muted">{description}</Parts.Description>
              )}
            </div>
          </header>
          {children && <div className="min-h-0 overflow-y-auto px-5 pt-1 pb-5">{children}</div>}
          {actions && <footer className="flex justify-end gap-2 border-t px-5 py-3">{actions}</footer>}
          {/* Last, so that what is asked for has the focus; without a tip, which would take the first Esc. */}
          <Parts.Close
            aria-label="Close"
            className="absolute top-3.5 right-3.5 flex size-8 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-ink"
          >
            <X aria-hidden className="size-4" />
          </Parts.Close>
        </Parts.Content>
      </Parts.Portal>
    </Parts.Root>
  )
}

/** A button of the description, focused, would show its tip, which takes the first Esc. */
function focusBody(event: Event) {
  const dialog = event.currentTarget
  if (!(dialog instanceof HTMLElement) || !dialog.querySelector('header button')) return
  event.preventDefault()
  dialog.focus()
}

interface ConfirmProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  /** What will be, and whether it can be undone. */
  description: ReactNode
  /** The verb on the button. */
  confirm: string
  dangerous?: boolean
  /** What is thrown is shown, and the dialog stays. */
  onConfirm: () => Promise<unknown>
}

export function ConfirmDialog({ onConfirm, confirm, dangerous = false, ...dialog }: ConfirmProps) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const change = (open: boolean) => {
    setError(undefined)
    dialog.onOpenChange(open)
  }
  const act = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await onConfirm()
      change(false)
    } catch (thrown) {
      setError(thrown)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      {...dialog}
      onOpenChange={change}
      actions={
        <>
          <Button onClick={() => change(false)}>Cancel</Button>
          <Button look={dangerous ? 'danger' : 'main'} busy={busy} onClick={act}>
            {confirm}
          </Button>
        </>
      }
    >
      {error !== undefined && <ErrorNote error={asApiError(error)} />}
    </Dialog>
  )
}
