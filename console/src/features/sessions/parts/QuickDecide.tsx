import { lazy, Suspense, useState } from 'react'
import { Button } from '@/components/ui/button'

const WaitingDialog = lazy(async () => ({ default: (await import('./WaitingDialog')).WaitingDialog }))

/** Decides from the list: the calls that wait, with their arguments, in a dialog. */
export function QuickDecide({ sessionId, label }: { sessionId: string; label: string }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Suspense>{open && <WaitingDialog sessionId={sessionId} onClose={() => setOpen(false)} />}</Suspense>
    </>
  )
}
