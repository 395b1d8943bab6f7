import { useQuery } from '@tanstack/react-query'
import { CircleCheck, CircleX } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { CodeLine, SecretField } from '@/components/ui/copy'
import { Dialog } from '@/components/ui/dialog'
import { Field, Select } from '@/components/ui/field'
import { TextField } from '@/components/ui/textField'
import { Checkbox } from '@/components/ui/toggles'
import { api, data } from '@/lib/api/client'
import { asApiError } from '@/lib/api/error'
import { useLogin } from '@/lib/api/login'
import { projectsQuery, useAct } from '../queries'
import { PRESETS, scopeGroups, within } from '../scopes'
import { FormDialog } from './FormDialog'

const DAY = 86_400_000
const LIFETIMES = [
  ['', 'Never'],
  ['7', 'After 7 days'],
  ['30', 'After 30 days'],
  ['90', 'After 90 days'],
  ['365', 'After a year'],
] as const

/** First the form, then the secret, once. */
export function CreateKey({ onClose }: { onClose: () => void }) {
  const [secret, setSecret] = useState<string>()
  if (secret !== undefined) return <Made secret={secret} onClose={onClose} />
  return <KeyForm onClose={onClose} onMade={setSecret} />
}

/** The dialog is not over: what it shows next is the secret. */
function stay() {}

function KeyForm({ onClose, onMade }: { onClose: () => void; onMade: (secret: string) => void }) {
  const { scopes: held, member } = useLogin()
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly string[]>(held)
  const [project, setProject] = useState('')
  const [days, setDays] = useState('')
  const { data: projects } = useQuery(projectsQuery)
  const create = useAct(['keys'], () =>
    data(
      api.POST('/v1/keys', {
        body: {
          name: name.trim(),
          scopes: [...scopes],
          ...(project ? { project_id: project } : {}),
          ...(days ? { expires_at: new Date(Date.now() + Number(days) * DAY).toISOString() } : {}),
        },
      }),
    ),
  )
  return (
    <FormDialog
      title="Create API Key"
      description={`A key acts as you, ${member.name}, and may never do more than you may.`}
      submit="Save"
      wide
      disabled={scopes.length === 0}
      fields={['name', 'scopes', 'project_id', 'expires_at']}
      onClose={onClose}
      onDone={stay}
      onSubmit={async () => onMade((await create.mutateAsync(undefined)).key)}
    >
      {(faultOf) => (
        <>
          <TextField
            label="Name"
            hint="What it is for: you will know it again by this."
            error={faultOf('name')}
            autoFocus
            required
            maxLength={256}
            value={name}
            onChange={setName}
          />
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Project" error={faultOf('project_id')}>
              {(control) => (
                <Select {...control} value={project} onChange={(event) => setProject(event.target.value)}>
                  <option value="">All that you reach</option>
                  {projects?.map((project) => (
                    <option key={project.id} value={project.id}>
                      Only {project.name}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            <Field label="Ends by itself" error={faultOf('expires_at')}>
              {(control) => (
                <Select {...control} value={days} onChange={(event) => setDays(event.target.value)}>
                  {LIFETIMES.map(([value, label]) => (
                    <option key={value} value={value}>
                      {label}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          </div>
          <Scopes held={held} scopes={scopes} onChange={setScopes} error={faultOf('scopes')} />
        </>
      )}
    </FormDialog>
  )
}

interface ScopesProps {
  held: readonly string[]
  scopes: readonly string[]
  onChange: (scopes: readonly string[]) => void
  error: string | undefined
}

function Scopes({ held, scopes, onChange, error }: ScopesProps) {
  const toggle = (scope: string, isOn: boolean) =>
    onChange(isOn ? [...scopes, scope] : scopes.filter((other) => other !== scope))
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 flex w-full flex-wrap items-center gap-2 font-medium text-sm">
        <span className="mr-auto">What it may do</span>
        <Button size="sm" look="quiet" onClick={() => onChange(held)}>
          Everything you may
        </Button>
        {PRESETS.map((preset) => (
          <Button
            key={preset.name}
            size="sm"
            look="quiet"
            onClick={() => onChange(within(preset.scopes, held))}
          >
            {preset.name}
          </Button>
        ))}
      </legend>
      <div className="rounded-md border">
        {scopeGroups(held).map((group) => (
          <div
            key={group.noun}
            className="grid items-center gap-x-4 gap-y-1 border-b px-3 py-2 last:border-0 sm:grid-cols-[minmax(0,1fr)_17rem]"
          >
            <div className="min-w-0">
              <span className="font-medium">{group.noun}</span>
              <span className="ml-2 text-faint text-sm">{group.about}</span>
            </div>
            <div className="grid grid-cols-3 gap-2">
              {group.scopes.map(({ scope, verb }) => (
                <Checkbox
                  key={scope}
                  label={
                    <>
                      {verb}
                      <span className="sr-only"> {group.noun}</span>
                    </>
                  }
                  checked={scopes.includes(scope)}
                  onChange={(isOn) => toggle(scope, isOn)}
                />
              ))}
            </div>
          </div>
        ))}
      </div>
      {error && (
        <p role="alert" className="text-bad text-sm">
          {error}
        </p>
      )}
    </fieldset>
  )
}

function Made({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title="Your API key"
      description="Copy it now: it is shown this once, and nobody can show it again."
      actions={
        <Button look="main" onClick={onClose}>
          Exit
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <SecretField value={secret} label="API key" />
        <TestIt secret={secret} />
        <div className="flex flex-col gap-1.5">
          <span className="text-muted text-sm">In a shell, with the key as SORTIE_API_KEY:</span>
          <CodeLine text={`curl ${location.origin}/v1/agents -H "x-api-key: $SORTIE_API_KEY"`} />
        </div>
      </div>
    </Dialog>
  )
}

type Tested = { isGood: boolean; words: string }

function TestIt({ secret }: { secret: string }) {
  const [tested, setTested] = useState<Tested>()
  const [isBusy, setIsBusy] = useState(false)
  const test = async () => {
    setIsBusy(true)
    setTested(await tryKey(secret))
    setIsBusy(false)
  }
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button onClick={test} busy={isBusy}>
        Test it now
      </Button>
      {tested && (
        <output
          className={
            tested.isGood ? 'flex items-center gap-1.5 text-good' : 'flex items-center gap-1.5 text-bad'
          }
        >
          {tested.isGood ? (
            <CircleCheck aria-hidden className="size-4" />
          ) : (
            <CircleX aria-hidden className="size-4" />
          )}
          {tested.words}
        </output>
      )}
    </div>
  )
}

/** Not a query: a key that is refused says nothing about who is logged in. */
async function tryKey(secret: string): Promise<Tested> {
  try {
    const login = await data(api.GET('/v1/login', { headers: { 'x-api-key': secret } }))
    return { isGood: true, words: `It works: it acts as ${login.member.name} in ${login.org.name}.` }
  } catch (thrown) {
    return { isGood: false, words: asApiError(thrown).message }
  }
}
