import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Page } from '@/components/ui/page'
import { ErrorNote } from '@/components/ui/states'
import { asApiError } from '@/lib/api/error'
import { createOf, EMPTY_DRAFT, faultsOf } from '../parts/draft'
import { fieldOf } from '../parts/editing'
import { Setup } from '../parts/Setup'
import { modelsQuery, useCreateAgent } from '../queries'

export function NewAgent() {
  const models = useQuery(modelsQuery)
  const [typed, setTyped] = useState(EMPTY_DRAFT)
  const [showFaults, setShowFaults] = useState(false)
  const create = useCreateAgent()
  const navigate = useNavigate()
  const draft = { ...typed, model: typed.model || (models.data?.data[0]?.id ?? '') }
  const faults = faultsOf(draft)
  const error = create.isError ? asApiError(create.error) : undefined
  const told = {
    ...(showFaults ? faults : {}),
    ...(error?.field ? { [fieldOf(error.field)]: error.message } : {}),
  }
  const submit = () => {
    setShowFaults(true)
    if (Object.keys(faults).length > 0) return
    create.mutate(createOf(draft), {
      onSuccess: (agent) => void navigate({ to: '/agents/$agentId/edit', params: { agentId: agent.id } }),
    })
  }
  return (
    <Page
      title="New agent"
      crumbs={[{ label: 'Agents', to: '/agents' }]}
      actions={
        <>
          <Button look="quiet" onClick={() => void navigate({ to: '/agents' })}>
            Cancel
          </Button>
          <Button look="main" busy={create.isPending} onClick={submit}>
            Create
          </Button>
        </>
      }
    >
      {error && (
        <div className="px-4 pt-4 sm:px-6">
          <ErrorNote error={error} />
        </div>
      )}
      <Setup
        draft={draft}
        faults={told}
        disabled={create.isPending}
        onChange={(part) => {
          create.reset()
          setTyped({ ...draft, ...part })
        }}
      />
    </Page>
  )
}
