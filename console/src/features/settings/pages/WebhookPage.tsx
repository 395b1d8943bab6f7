import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { CodeBlock, CopyableId, SecretField } from '@/components/ui/copy'
import { ConfirmDialog, Dialog } from '@/components/ui/dialog'
import { Listing, Loaded, shown } from '@/components/ui/loaded'
import { PageHeader } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { Status } from '@/components/ui/status'
import { type Column, Table } from '@/components/ui/table'
import { Time } from '@/components/ui/time'
import { toast, toastError } from '@/components/ui/toast'
import { api, data } from '@/lib/api/client'
import { duration } from '@/lib/format'
import { ForAdmins } from '../parts/ForAdmins'
import { type Delivery, deliveriesQuery, useAct, type Webhook, webhookQuery } from '../queries'

const route = getRouteApi('/shell/settings/webhooks/$webhookId')
const CRUMBS = [{ label: 'Webhooks', to: '/settings/webhooks' }]

export function WebhookPage() {
  return (
    <ForAdmins title="Webhook" what="see to webhooks">
      <Shown />
    </ForAdmins>
  )
}

function Shown() {
  const { webhookId } = route.useParams()
  const query = useQuery(webhookQuery(webhookId))
  const known = shown(query)
  const [open, setOpen] = useState<Delivery>()
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader
        title={known?.url ?? 'Webhook'}
        crumbs={CRUMBS}
        aside={<CopyableId id={webhookId} className="ml-2 max-sm:hidden" />}
        actions={known && <Actions webhook={known} />}
      />
      <Loaded query={query} what="The webhook could not be read">
        {(webhook) => (
          <>
            <State webhook={webhook} />
            <Deliveries webhook={webhook} onOpen={setOpen} />
          </>
        )}
      </Loaded>
      {open && <DeliveryDialog delivery={open} onClose={() => setOpen(undefined)} />}
    </div>
  )
}

function State({ webhook }: { webhook: Webhook }) {
  const { disabled, disabled_reason, failing_since, previous_secret_until, notice } = webhook
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-4 py-2 text-muted text-sm sm:px-6">
      <Status
        status={disabled ? 'paused' : failing_since ? 'failed' : 'active'}
        {...(disabled ? { word: 'off' } : failing_since ? { word: 'failing' } : {})}
      />
      <span>{webhook.event_types.includes('*') ? 'everything' : webhook.event_types.join(', ')}</span>
      {disabled_reason && <span>{disabled_reason}</span>}
      {failing_since && (
        <span>
          since <Time at={failing_since} />
        </span>
      )}
      {previous_secret_until && (
        <span>
          the secret before holds until <Time at={previous_secret_until} />
        </span>
      )}
      {(notice ?? webhook.description) && <span>{notice ?? webhook.description}</span>}
    </div>
  )
}

function Actions({ webhook }: { webhook: Webhook }) {
  const navigate = useNavigate()
  const [asked, setAsked] = useState<'rotate' | 'delete'>()
  const [secret, setSecret] = useState<string>()
  const path = { params: { path: { webhook_id: webhook.id } } }
  const test = useAct(['webhooks'], () => data(api.POST('/v1/webhooks/{webhook_id}/test', path)))
  const rotate = useAct(['webhooks'], () => data(api.POST('/v1/webhooks/{webhook_id}/rotate_secret', path)))
  const change = useAct(['webhooks'], (disabled: boolean) =>
    data(api.POST('/v1/webhooks/{webhook_id}', { ...path, body: { disabled } })),
  )
  const client = useQueryClient()
  // The page is left before anything is read again: of this webhook there is nothing to read.
  const remove = async () => {
    await data(api.DELETE('/v1/webhooks/{webhook_id}', path))
    await navigate({ to: '/settings/webhooks' })
    client.removeQueries({ queryKey: ['webhooks', webhook.id] })
    await client.invalidateQueries({ queryKey: ['webhooks'] })
  }
  const close = (open: boolean) => open || setAsked(undefined)
  return (
    <>
      <Button
        busy={test.isPending}
        onClick={() =>
          test.mutate(undefined, {
            onSuccess: () => toast({ title: 'A test is on its way', tone: 'good' }),
            onError: toastError('Not tested'),
          })
        }
      >
        Test
      </Button>
      <Button onClick={() => setAsked('rotate')}>Rotate secret</Button>
      <Button
        onClick={() => change.mutate(!webhook.disabled, { onError: toastError('Not changed') })}
        busy={change.isPending}
      >
        {webhook.disabled ? 'Turn on' : 'Turn off'}
      </Button>
      <Button look="danger" onClick={() => setAsked('delete')}>
        Delete
      </Button>
      <ConfirmDialog
        open={asked === 'rotate'}
        onOpenChange={close}
        title="Make a new secret?"
        description="Deliveries are signed with both for a while, so that your program can change over."
        confirm="Rotate"
        onConfirm={async () => setSecret((await rotate.mutateAsync(undefined)).secret)}
      />
      <ConfirmDialog
        open={asked === 'delete'}
        onOpenChange={close}
        title="Delete the webhook?"
        description="Its address is told nothing more, also not what waits to be sent."
        confirm="Delete"
        dangerous
        onConfirm={remove}
      />
      <Dialog
        open={secret !== undefined}
        onOpenChange={(open) => open || setSecret(undefined)}
        title="The new secret"
        description="It is shown this once."
        actions={
          <Button look="main" onClick={() => setSecret(undefined)}>
            Exit
          </Button>
        }
      >
        {secret && <SecretField value={secret} label="Secret" />}
      </Dialog>
    </>
  )
}

function Deliveries({ webhook, onOpen }: { webhook: Webhook; onOpen: (delivery: Delivery) => void }) {
  const list = useInfiniteQuery(deliveriesQuery(webhook.id))
  return (
    <Listing
      query={list}
      rows={list.data?.pages.flatMap((page) => page.data)}
      what="The deliveries could not be read"
      empty={
        <EmptyState command={`sortie webhooks test ${webhook.id}`}>
          Nothing was sent to this address yet. Test it, or wait until something happens.
        </EmptyState>
      }
    >
      {(rows) => (
        <Table
          label="Deliveries"
          className="grow"
          columns={COLUMNS}
          rows={rows}
          rowKey={(delivery) => delivery.id}
          onOpen={onOpen}
          onEnd={list.hasNextPage && !list.isFetching ? () => void list.fetchNextPage() : undefined}
        />
      )}
    </Listing>
  )
}

const COLUMNS: Column<Delivery>[] = [
  {
    key: 'type',
    header: 'Event',
    cell: ({ event_type: type }) => <span className="font-medium">{type}</span>,
  },
  {
    key: 'status',
    header: 'Status',
    width: '7.5rem',
    narrow: '6rem',
    cell: ({ status }) => <Status status={status} />,
  },
  {
    key: 'answer',
    header: 'Answer',
    width: '9rem',
    secondary: true,
    cell: ({ last_attempt: last }) =>
      last ? (
        <span className="num text-muted">
          {last.status ?? 'none'} in {duration(last.took_ms)}
        </span>
      ) : (
        <span className="text-faint">–</span>
      ),
  },
  {
    key: 'attempts',
    header: 'Sent',
    width: '4rem',
    align: 'right',
    secondary: true,
    cell: ({ attempts }) => `${attempts}×`,
  },
  {
    key: 'next',
    header: 'Again',
    width: '6rem',
    align: 'right',
    secondary: true,
    cell: ({ next_attempt_at: at }) => at && <Time at={at} />,
  },
  {
    key: 'at',
    header: 'When',
    width: '5.5rem',
    narrow: '4.5rem',
    align: 'right',
    cell: ({ created_at }) => <Time at={created_at} />,
  },
]

function DeliveryDialog({ delivery, onClose }: { delivery: Delivery; onClose: () => void }) {
  const last = delivery.last_attempt
  const again = useAct(['webhooks'], () =>
    data(
      api.POST('/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver', {
        params: { path: { webhook_id: delivery.webhook_id, delivery_id: delivery.id } },
      }),
    ),
  )
  const send = () =>
    again.mutate(undefined, {
      onSuccess: () => {
        toast({ title: 'It is sent again', tone: 'good' })
        onClose()
      },
      onError: toastError('Not sent again'),
    })
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      wide
      title={delivery.event_type}
      description={<CopyableId id={delivery.id} whole />}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button look="main" busy={again.isPending} onClick={send}>
            Send again
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {last?.error && <p className="text-bad">{last.error}</p>}
        {last?.response && <CodeBlock title={`Answer ${last.status ?? ''}`} text={last.response} />}
        <CodeBlock title="What is sent" text={JSON.stringify(delivery.payload, null, 2)} />
      </div>
    </Dialog>
  )
}
