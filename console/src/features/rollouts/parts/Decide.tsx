import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { ConfirmDialog, Dialog } from '@/components/ui/dialog'
import { ErrorNote } from '@/components/ui/states'
import { AreaField } from '@/components/ui/textField'
import { asApiError } from '@/lib/api/error'

interface DecideProps {
  yes: string
  no: string
  /** What is to be confirmed before the yes; nothing if it may be said at once. */
  sure?: { title: string; description: string } | undefined
  /** What may be said along with a no. */
  reason: string
  decide: (verdict: { isYes: boolean; reason: string }) => Promise<unknown>
}

/** The two answers to something that waits. */
export function Decide({ yes, no, sure, reason: hint, decide }: DecideProps) {
  const [asked, setAsked] = useState<'yes' | 'no' | undefined>()
  const [reason, setReason] = useState('')
  const [error, setError] = useState<unknown>()
  const [isBusy, setIsBusy] = useState(false)
  const close = (open: boolean) => {
    if (open) return
    setAsked(undefined)
    setError(undefined)
  }
  const say = async (isYes: boolean) => {
    setIsBusy(true)
    setError(undefined)
    try {
      await decide({ isYes, reason })
      close(false)
    } catch (thrown) {
      setError(thrown)
    } finally {
      setIsBusy(false)
    }
  }
  return (
    <>
      <div className="flex flex-wrap gap-2">
        <Button
          look="main"
          busy={isBusy && asked === undefined}
          onClick={() => (sure ? setAsked('yes') : say(true))}
        >
          {yes}
        </Button>
        <Button look="danger" onClick={() => setAsked('no')}>
          {no}
        </Button>
      </div>
      {error !== undefined && asked !== 'no' && <ErrorNote error={asApiError(error)} />}
      {sure && (
        <ConfirmDialog
          open={asked === 'yes'}
          onOpenChange={close}
          title={sure.title}
          description={sure.description}
          confirm={yes}
          onConfirm={() => decide({ isYes: true, reason: '' })}
        />
      )}
      <Dialog
        open={asked === 'no'}
        onOpenChange={close}
        title={`${no}?`}
        actions={
          <>
            <Button onClick={() => close(false)}>Cancel</Button>
            <Button look="danger" busy={isBusy} onClick={() => say(false)}>
              {no}
            </Button>
          </>
        }
      >
        <AreaField label="Reason" hint={hint} value={reason} maxLength={2000} onChange={setReason} />
        {error !== undefined && <ErrorNote error={asApiError(error)} className="mt-3" />}
      </Dialog>
    </>
  )
}
