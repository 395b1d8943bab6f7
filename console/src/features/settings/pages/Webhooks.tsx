import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Plus, Webhook as WebhookIcon } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { SecretField } from '@/components/ui/copy'
import { Dialog } from '@/components/ui/dialog'
import { Listing } from '@/components/ui/loaded'
import { PageHeader } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { Status } from '@/components/ui/status'
import { type Column, Table } from '@/components/ui/table'
import { TextField } from '@/components/ui/textField'
import { Time } from '@/components/ui/time'
import { Checkbox } from '@/components/ui/toggles'
import { api, data } from '@/lib/api/client'
import { ForAdmins } from '../parts/ForAdmins'
import { FormDialog } from '../parts/FormDialog'
import { ProjectField } from '../parts/ProjectField'
import { useAct, type Webhook, webhooksQuery } from '../queries'

/** What can be told, as `docs/webhooks.md` lists it. */
const TYPES = [
  'session.created',
  'session.requires_action',
  'run.completed',
  'run.failed',
  'run.cancelled',
  'rollout.reported',
  'rollout.approval_requested',
  'rollout.approval_decided',
  'rollout.level_risen',
  'rollout.watch_ended',
]

export function Webhooks() {
  return (
    <ForAdmins title="Webhooks" what="see to webhooks">
      <Addresses />
    </ForAdmins>
  )
}

function Addresses() {
  const list = useQuery(webhooksQuery)
  const [isCreating, setIsCreating] = useState(false)
  const [secret, setSecret] = useState<string>()
  const navigate = useNavigate()
  const add = (
    <Button look="main" onClick={() => setIsCreating(true)}>
      <Plus aria-hidden className="size-4" />
      Add a webhook
    </Button>
  )
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader title="Webhooks" actions={add} />
      <Listing
        query={list}
        rows={list.data?.data}
        what="The webhooks could not be read"
        empty={
          <EmptyState
            icon={WebhookIcon}
            action={add}
            command="sortie webhooks create https://example.com/sortie --event run.failed"
          >
            A webhook is an address of yours that is told what happens.
          </EmptyState>
        }
      >
        {(rows) => (
          <Table
            label="Webhooks"
            className="grow"
            columns={COLUMNS}
            rows={rows}
            rowKey={(webhook) => webhook.id}
            onOpen={({ id }) =>
              void navigate({ to: '/settings/webhooks/$webhookId', params: { webhookId: id } })
            }
          />
        )}
      </Listing>
      {isCreating && <Create onClose={() => setIsCreating(false)} onMade={setSecret} />}
      {secret && <Secret secret={secret} onClose={() => setSecret(undefined)} />}
    </div>
  )
}

const COLUMNS: Column<Webhook>[] = [
  {
    key: 'url',
    header: 'Address',
    width: 'minmax(0,2fr)',
    cell: ({ url }) => <span className="font-medium">{url}</span>,
  },
  {
    key: 'types',
    header: 'Told of',
    secondary: true,
    cell: ({ event_types: types }) => (
      <span className="text-muted" title={types.join(' ')}>
        {types.includes('*') ? 'everything' : types.join(', ')}
      </span>
    ),
  },
  {
    key: 'state',
    header: 'State',
    width: '8rem',
    cell: ({ disabled, failing_since }) =>
      disabled ? (
        <Status status="paused" word="off" />
      ) : failing_since ? (
        <Status status="failed" word="failing" />
      ) : (
        <Status status="active" />
      ),
  },
  {
    key: 'since',
    header: 'Since',
    width: '6rem',
    align: 'right',
    secondary: true,
    cell: ({ created_at }) => <Time at={created_at} />,
  },
]

function Create({ onClose, onMade }: { onClose: () => void; onMade: (secret: string) => void }) {
  const [url, setUrl] = useState('')
  const [description, setDescription] = useState('')
  const [project, setProject] = useState('')
  const [types, setTypes] = useState<string[]>([])
  const create = useAct(['webhooks'], () =>
    data(
      api.POST('/v1/webhooks', {
        body: {
          url: url.trim(),
          event_types: types.length > 0 ? types : ['*'],
          project_id: project || null,
          description: description.trim() || null,
        },
      }),
    ),
  )
  return (
    <FormDialog
      title="Add a webhook"
      submit="Add"
      fields={['url', 'event_types', 'project_id', 'description']}
      onClose={onClose}
      onSubmit={async () => onMade((await create.mutateAsync(undefined)).secret)}
    >
      {(faultOf) => (
        <>
          <TextField
            label="Address"
            error={faultOf('url')}
            autoFocus
            type="url"
            required
            placeholder="https://example.com/sortie"
            value={url}
            onChange={setUrl}
          />
          <ProjectField
            label="Only of the project"
            hint="It stays so."
            error={faultOf('project_id')}
            all="All projects"
            value={project}
            onChange={setProject}
          />
          <fieldset className="flex flex-col gap-2">
            <legend className="mb-1.5 font-medium text-sm">Told of (everything if none is chosen)</legend>
            <div className="grid gap-1.5 sm:grid-cols-2">
              {TYPES.map((type) => (
                <Checkbox
                  key={type}
                  label={type}
                  checked={types.includes(type)}
                  onChange={(isOn) =>
                    setTypes(isOn ? [...types, type] : types.filter((other) => other !== type))
                  }
                />
              ))}
            </div>
            {faultOf('event_types') && <p className="text-bad text-sm">{faultOf('event_types')}</p>}
          </fieldset>
          <TextField
            label="Description"
            error={faultOf('description')}
            value={description}
            onChange={setDescription}
          />
        </>
      )}
    </FormDialog>
  )
}

function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title="The webhook’s secret"
      description="With it your program checks that a delivery came from here. It is shown this once."
      actions={
        <Button look="main" onClick={onClose}>
          Exit
        </Button>
      }
    >
      <SecretField value={secret} label="Secret" />
    </Dialog>
  )
}
