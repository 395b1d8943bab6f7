import { useState } from 'react'
import { Field, Select } from '@/components/ui/field'
import { AreaField, TextField } from '@/components/ui/textField'
import { api, data, type Schemas } from '@/lib/api/client'
import { linesOf } from '@/lib/lines'
import { type Provider, useAct } from '../queries'
import { FormDialog } from './FormDialog'

/** What adds one in a shell. */
export const ADD_PROVIDER = 'SORTIE_PROVIDER_KEY="$KEY" sortie providers create openai --as openai'

type Wire = Schemas['WireParam']

/** A provider. Its key is written only: it is never shown again, and stays if the field is left empty. */
export function ProviderForm({ provider, onClose }: { provider: Provider | undefined; onClose: () => void }) {
  const [name, setName] = useState(provider?.name ?? '')
  const [wire, setWire] = useState<Wire>('openai')
  const [url, setUrl] = useState(provider?.base_url ?? '')
  const [key, setKey] = useState('')
  const [models, setModels] = useState(provider?.models?.map((model) => model.name).join('\n') ?? '')
  const save = useAct(['providers', 'models'], () => {
    const body = {
      name: name.trim(),
      base_url: url.trim() || null,
      models: modelsOf(models, provider),
      ...(key ? { api_key: key } : {}),
    }
    return provider?.id
      ? data(api.POST('/v1/providers/{provider}', { params: { path: { provider: provider.id } }, body }))
      : data(api.POST('/v1/providers', { body: { ...body, provider: wire } }))
  })
  return (
    <FormDialog
      title={provider ? provider.name : 'Add a provider'}
      submit={provider ? 'Save' : 'Add'}
      fields={['name', 'provider', 'base_url', 'api_key', 'models']}
      onClose={onClose}
      onSubmit={() => save.mutateAsync(undefined)}
    >
      {(faultOf) => (
        <>
          <TextField
            label="Name"
            hint="It stands before the slash of a model’s name."
            error={faultOf('name')}
            autoFocus
            required
            value={name}
            onChange={setName}
          />
          {!provider && (
            <Field label="How it is spoken to" error={faultOf('provider')}>
              {(control) => (
                <Select
                  {...control}
                  value={wire}
                  onChange={(event) => setWire(event.target.value === 'anthropic' ? 'anthropic' : 'openai')}
                >
                  <option value="openai">as OpenAI</option>
                  <option value="anthropic">as Anthropic</option>
                </Select>
              )}
            </Field>
          )}
          <TextField
            label="Address"
            hint="Its own, if it is left empty."
            error={faultOf('base_url')}
            type="url"
            value={url}
            onChange={setUrl}
          />
          <TextField
            label="API key"
            hint={
              provider?.api_key
                ? 'One is stored; it stays if you leave this empty.'
                : 'Stored sealed, and never shown.'
            }
            error={faultOf('api_key')}
            type="password"
            autoComplete="new-password"
            value={key}
            onChange={setKey}
          />
          <AreaField
            label="Models"
            hint="One a line. The provider is asked for them if none is named."
            error={faultOf('models')}
            rows={3}
            className="font-mono"
            value={models}
            onChange={setModels}
          />
        </>
      )}
    </FormDialog>
  )
}

/** What was known of a model beside its name stays known. */
function modelsOf(text: string, provider: Provider | undefined): Schemas['OfferedModel'][] | null {
  const names = linesOf(text)
  if (names.length === 0) return null
  return names.map((name) => provider?.models?.find((model) => model.name === name) ?? { name })
}
