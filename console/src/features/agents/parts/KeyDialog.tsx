import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { SecretField } from '@/components/ui/copy'
import { Dialog } from '@/components/ui/dialog'
import { ErrorNote } from '@/components/ui/states'
import { TextField } from '@/components/ui/textField'
import { api, data } from '@/lib/api/client'
import { asApiError } from '@/lib/api/error'

interface KeyDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  /** What the key is called unless the person says otherwise. */
  name: string
  /** The page may show the key in samples until it is left. */
  onMade: (key: string) => void
}

/** What a program needs to call agents and read what came of it, and nothing else. */
const SCOPES = ['agents:run', 'agents:read', 'sessions:read', 'sessions:write']

/** Makes a key for a program that calls agents. The secret is in this page's memory alone. */
export function KeyDialog({ open, onOpenChange, name, onMade }: KeyDialogProps) {
  const [typed, setTyped] = useState(name)
  const client = useQueryClient()
  const make = useMutation({
    mutationFn: () => data(api.POST('/v1/keys', { body: { name: typed.trim(), scopes: SCOPES } })),
    onSuccess: ({ key }) => {
      onMade(key)
      void client.invalidateQueries({ queryKey: ['keys'] })
    },
    gcTime: 0,
  })
  const secret = make.data?.key
  const leave = (next: boolean) => {
    if (!next) make.reset()
    onOpenChange(next)
  }
  return (
    <Dialog
      open={open}
      onOpenChange={leave}
      title={secret ? 'Your API key' : 'Create API key'}
      description={
        secret
          ? 'Copy it now: it is shown this once, and nobody can show it again.'
          : 'It may call agents and read sessions, as you may. Keys with other rights are made in the settings.'
      }
      actions={
        secret ? (
          <Button look="main" onClick={() => leave(false)}>
            Exit
          </Button>
        ) : (
          <>
            <Button onClick={() => leave(false)}>Cancel</Button>
            <Button
              look="main"
              busy={make.isPending}
              disabled={typed.trim() === ''}
              onClick={() => make.mutate()}
            >
              Save
            </Button>
          </>
        )
      }
    >
      {secret ? (
        <SecretField label="API key" value={secret} />
      ) : (
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            if (typed.trim() !== '') make.mutate()
          }}
        >
          <TextField label="Name" autoFocus maxLength={256} value={typed} onChange={setTyped} />
          {make.isError && <ErrorNote error={asApiError(make.error)} />}
        </form>
      )}
    </Dialog>
  )
}
