import { useQuery } from '@tanstack/react-query'
import { Cpu, Plus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { CodeLine } from '@/components/ui/copy'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Listing } from '@/components/ui/loaded'
import { MenuItem, MenuSeparator, RowMenu } from '@/components/ui/menu'
import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { Badge } from '@/components/ui/status'
import { toast, toastError } from '@/components/ui/toast'
import { api, data, type Schemas } from '@/lib/api/client'
import { useMay } from '@/lib/api/login'
import { tokens } from '@/lib/format'
import { AliasForm } from '../parts/AliasForm'
import { Lacks } from '../parts/Lacks'
import { ADD_PROVIDER, ProviderForm } from '../parts/ProviderForm'
import { aliasesQuery, modelsQuery, type Provider, providersQuery, useAct } from '../queries'

type Model = Schemas['ModelView']

export function Providers() {
  const list = useQuery(providersQuery)
  const [open, setOpen] = useState<Provider | 'new'>()
  const isAdmin = useMay('admin')
  const add = (
    <Button look="main" onClick={() => setOpen('new')}>
      <Plus aria-hidden className="size-4" />
      Add a provider
    </Button>
  )
  return (
    <Page title="Providers" actions={isAdmin && add}>
      <Lacks needs="admin" what="add and change providers" />
      <Listing
        query={list}
        rows={list.data?.data}
        what="The providers could not be read"
        empty={
          <EmptyState icon={Cpu} {...(isAdmin ? { action: add } : {})} command={ADD_PROVIDER}>
            No provider: no agent can answer.
          </EmptyState>
        }
      >
        {(rows) => (
          <ul>
            {rows.map((provider) => (
              <Row key={provider.id ?? provider.name} provider={provider} onEdit={() => setOpen(provider)} />
            ))}
          </ul>
        )}
      </Listing>
      <Models />
      <Aliases />
      {open && (
        <ProviderForm provider={open === 'new' ? undefined : open} onClose={() => setOpen(undefined)} />
      )}
    </Page>
  )
}

function Row({ provider, onEdit }: { provider: Provider; onEdit: () => void }) {
  const isAdmin = useMay('admin')
  const [isGone, setIsGone] = useState(false)
  const path = { params: { path: { provider: provider.id ?? provider.name } } }
  const test = useAct(['providers'], () =>
    data(api.POST('/v1/providers/{provider}/test', { ...path, body: {} })),
  )
  const remove = useAct(['providers', 'models'], () => data(api.DELETE('/v1/providers/{provider}', path)))
  const isOurs = provider.owner === 'organization'
  return (
    <li className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b px-4 py-2 sm:px-6">
      <span className="font-medium">{provider.name}</span>
      <Badge>{provider.provider}</Badge>
      {!isOurs && <Badge tone="busy">the installation’s</Badge>}
      <span className="wrap-anywhere text-faint text-sm">{provider.base_url}</span>
      {provider.api_key && <span className="font-mono text-faint text-xs">{provider.api_key}</span>}
      <span className="ml-auto flex items-center gap-1">
        {isAdmin && (
          <Button
            size="sm"
            busy={test.isPending}
            onClick={() =>
              test.mutate(undefined, {
                onSuccess: ({ ok, error }) =>
                  toast({
                    title: ok ? `${provider.name} answers` : `${provider.name} does not answer`,
                    description: error?.message,
                    tone: ok ? 'good' : 'bad',
                  }),
                onError: toastError('Not tested'),
              })
            }
          >
            Test
          </Button>
        )}
        {isAdmin && isOurs && (
          <RowMenu label={`More about ${provider.name}`}>
            <MenuItem onSelect={onEdit}>Edit</MenuItem>
            <MenuSeparator />
            <MenuItem dangerous onSelect={() => setIsGone(true)}>
              Delete
            </MenuItem>
          </RowMenu>
        )}
      </span>
      <ConfirmDialog
        open={isGone}
        onOpenChange={setIsGone}
        title={`Delete ${provider.name}?`}
        description="Agents whose model comes from it cannot answer any more."
        confirm="Delete"
        dangerous
        onConfirm={() => remove.mutateAsync(undefined)}
      />
    </li>
  )
}

function Heading({ children, action }: { children: string; action?: React.ReactNode }) {
  return (
    <header className="flex h-11 items-center border-b bg-sunken px-4 sm:px-6">
      <h2 className="font-semibold">{children}</h2>
      <span className="ml-auto">{action}</span>
    </header>
  )
}

function Models() {
  const list = useQuery(modelsQuery)
  return (
    <section>
      <Heading>Models</Heading>
      {list.data?.unavailable.map(({ provider, message }) => (
        <p key={provider} className="border-b bg-warn-soft px-4 py-2 text-sm sm:px-6">
          {provider} cannot be asked for its models: {message}
        </p>
      ))}
      <Listing
        query={list}
        rows={list.data?.data}
        what="The models could not be read"
        empty={<EmptyState command="sortie models pull">No provider offers a model.</EmptyState>}
      >
        {(rows) => (
          <ul className="text-sm">
            {rows.map((model) => (
              <li
                key={model.id}
                className="grid min-h-9 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 border-b px-4 py-1 sm:grid-cols-[minmax(0,1fr)_7rem_16rem] sm:px-6"
              >
                <span className="truncate">
                  <span className="font-medium">{model.id}</span>
                  {model.aliases.length > 0 && (
                    <span className="text-faint"> = {model.aliases.join(', ')}</span>
                  )}
                </span>
                <span className="num text-right text-muted max-sm:hidden">
                  {model.max_input_tokens ? `${tokens(model.max_input_tokens)} tokens` : ''}
                </span>
                <span className="num text-right text-muted">{pricesOf(model)}</span>
              </li>
            ))}
          </ul>
        )}
      </Listing>
    </section>
  )
}

/** As the API says them: for a million tokens. */
function pricesOf({ prices }: Model): string {
  if (!prices) return 'no price known'
  if (Number(prices.input) === 0 && Number(prices.output) === 0) return 'free'
  return `${prices.currency} ${prices.input} in, ${prices.output} out`
}

const SET_ALIAS = 'sortie models alias set fast local/default'

function Aliases() {
  const list = useQuery(aliasesQuery)
  const isAdmin = useMay('admin')
  const [isOpen, setIsOpen] = useState(false)
  const remove = useAct(['model_aliases', 'models'], (name: string) =>
    data(api.DELETE('/v1/model_aliases/{name}', { params: { path: { name } } })),
  )
  const add = isAdmin && (
    <Button size="sm" onClick={() => setIsOpen(true)}>
      Set an alias
    </Button>
  )
  return (
    <section>
      <Heading action={add}>Aliases</Heading>
      <Listing
        query={list}
        rows={list.data}
        what="The aliases could not be read"
        empty={
          <div className="flex flex-wrap items-center gap-3 px-4 py-3 text-muted text-sm sm:px-6">
            <p>An alias is a name for a model, so that agents can be moved to another at once.</p>
            <CodeLine text={SET_ALIAS} />
          </div>
        }
      >
        {(rows) => (
          <ul className="text-sm">
            {rows.map((alias) => (
              <li key={alias.name} className="flex min-h-9 items-center gap-3 border-b px-4 sm:px-6">
                <span className="font-medium">{alias.name}</span>
                <span className="text-muted">= {alias.model}</span>
                <span className="ml-auto">
                  {isAdmin && alias.owner === 'organization' && (
                    <RowMenu label={`More about ${alias.name}`}>
                      <MenuItem
                        dangerous
                        onSelect={() => remove.mutate(alias.name, { onError: toastError('Not deleted') })}
                      >
                        Delete
                      </MenuItem>
                    </RowMenu>
                  )}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Listing>
      {isOpen && <AliasForm onClose={() => setIsOpen(false)} />}
    </section>
  )
}
