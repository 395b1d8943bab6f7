import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Field, Input } from '@/components/ui/field'
import { TextField } from '@/components/ui/textField'
import { api, data } from '@/lib/api/client'
import { modelsQuery, useAct } from '../queries'
import { FormDialog } from './FormDialog'

/** A name for a model. One that exists already is moved to the other model. */
export function AliasForm({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [model, setModel] = useState('')
  const { data: models } = useQuery(modelsQuery)
  const put = useAct(['model_aliases', 'models'], () =>
    data(
      api.POST('/v1/model_aliases/{name}', {
        params: { path: { name: name.trim() } },
        body: { model: model.trim() },
      }),
    ),
  )
  return (
    <FormDialog
      title="Set an alias"
      submit="Save"
      fields={['name', 'model']}
      onClose={onClose}
      onSubmit={() => put.mutateAsync(undefined)}
    >
      {(faultOf) => (
        <>
          <TextField
            label="Alias"
            error={faultOf('name')}
            autoFocus
            required
            value={name}
            onChange={setName}
          />
          <Field label="Model" error={faultOf('model')}>
            {(control) => (
              <>
                <Input
                  {...control}
                  required
                  list="models"
                  value={model}
                  onChange={(event) => setModel(event.target.value)}
                />
                <datalist id="models">
                  {models?.data.map(({ id }) => (
                    <option key={id} value={id} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
        </>
      )}
    </FormDialog>
  )
}
