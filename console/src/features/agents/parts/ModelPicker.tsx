import { useMutation, useQuery } from '@tanstack/react-query'
import { CircleCheck, CircleX, Plug } from 'lucide-react'
import { useMemo } from 'react'
import { Button } from '@/components/ui/button'
import { Field, Select } from '@/components/ui/field'
import { api, data, type Schemas } from '@/lib/api/client'
import { inFull } from '@/lib/api/error'
import { useMay } from '@/lib/api/login'
import { tokens } from '@/lib/format'
import { aliasesQuery, modelsQuery } from '../queries'

type Model = Schemas['ModelView']

/** The models that are offered, in groups by who offers them. */
export function groupsOf(models: readonly Model[]): [string, Model[]][] {
  const groups = new Map<string, Model[]>()
  for (const model of models) {
    const provider = providerOf(model.id)
    groups.set(provider, [...(groups.get(provider) ?? []), model])
  }
  return [...groups].sort(([one], [other]) => one.localeCompare(other))
}

function providerOf(model: string): string {
  return model.includes('/') ? model.slice(0, model.indexOf('/')) : 'other'
}

interface PickerProps {
  value: string
  onChange: (model: string) => void
  error?: string | undefined
  disabled?: boolean
}

export function ModelPicker({ value, onChange, error, disabled = false }: PickerProps) {
  const models = useQuery(modelsQuery)
  const aliases = useQuery(aliasesQuery)
  const groups = useMemo(() => groupsOf(models.data?.data ?? []), [models.data])
  const names = aliases.data ?? []
  const target = names.find((alias) => alias.name === value)?.model ?? value
  const chosen = models.data?.data.find((model) => model.id === target)
  const isKnown = value === '' || chosen !== undefined || names.some((alias) => alias.name === value)
  return (
    <div className="flex flex-col gap-2">
      <Field label="Model" error={error ?? (models.isError ? inFull(models.error) : undefined)}>
        {(control) => (
          <Select
            {...control}
            value={value}
            disabled={disabled || models.isPending}
            onChange={(event) => onChange(event.target.value)}
          >
            {value === '' && <option value="">Choose a model</option>}
            {!isKnown && <option value={value}>{value} (not offered now)</option>}
            {names.length > 0 && (
              <optgroup label="Aliases">
                {names.map((alias) => (
                  <option key={alias.name} value={alias.name}>
                    {alias.name} → {alias.model}
                  </option>
                ))}
              </optgroup>
            )}
            {groups.map(([provider, offered]) => (
              <optgroup key={provider} label={provider}>
                {offered.map((model) => (
                  <option key={model.id} value={model.id}>
                    {model.id}
                  </option>
                ))}
              </optgroup>
            ))}
          </Select>
        )}
      </Field>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <TestModel key={target} model={target} />
        {chosen && <ModelFacts model={chosen} />}
      </div>
      {models.isError && (
        <Button size="sm" className="self-start" onClick={() => void models.refetch()}>
          Read the models again
        </Button>
      )}
      {models.data?.unavailable.map((missing) => (
        <p key={missing.provider} className="text-sm text-warn">
          {missing.provider} does not tell its models: {missing.message}
        </p>
      ))}
    </div>
  )
}

function ModelFacts({ model }: { model: Model }) {
  const { prices } = model
  const isFree = prices && Number(prices.input) === 0 && Number(prices.output) === 0
  return (
    <p className="num text-muted text-sm">
      {model.max_input_tokens ? `${tokens(model.max_input_tokens)} tokens of context` : 'Context not told'}
      {prices &&
        (isFree
          ? ' · free'
          : ` · ${prices.input} in, ${prices.output} out ${prices.currency} per million tokens`)}
    </p>
  )
}

/** Has the model say a word, with the key that is stored. Members talk to it in the playground. */
function TestModel({ model }: { model: string }) {
  const mayTest = useMay('admin')
  const provider = providerOf(model)
  const test = useMutation({
    mutationFn: () =>
      data(
        api.POST('/v1/providers/{provider}/test', {
          params: { path: { provider } },
          body: { model: model.slice(provider.length + 1) },
        }),
      ),
  })
  if (!mayTest) return null
  const why = test.isError ? inFull(test.error) : test.data?.error?.message
  return (
    <>
      <Button size="sm" busy={test.isPending} disabled={!model.includes('/')} onClick={() => test.mutate()}>
        <Plug aria-hidden className="size-3.5" /> Test this model
      </Button>
      <span role="status" className="text-sm empty:hidden">
        {test.data?.ok && (
          <span className="flex items-center gap-1 text-good">
            <CircleCheck aria-hidden className="size-3.5" /> {model} answers
          </span>
        )}
        {why !== undefined && (
          <span className="flex items-center gap-1 text-bad">
            <CircleX aria-hidden className="size-3.5" /> {why}
          </span>
        )}
      </span>
    </>
  )
}
