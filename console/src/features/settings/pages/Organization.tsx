import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { CopyableId } from '@/components/ui/copy'
import { Field, Input } from '@/components/ui/field'
import { Loaded, shown } from '@/components/ui/loaded'
import { Page, Section } from '@/components/ui/page'
import { ErrorNote } from '@/components/ui/states'
import { TextField } from '@/components/ui/textField'
import { toast } from '@/components/ui/toast'
import { Switch } from '@/components/ui/toggles'
import { api, data } from '@/lib/api/client'
import { placeFault } from '@/lib/api/error'
import { useMay } from '@/lib/api/login'
import type { Org } from '@/lib/api/people'
import { Lacks } from '../parts/Lacks'
import { orgQuery, useAct } from '../queries'

export function Organization() {
  const query = useQuery(orgQuery)
  const known = shown(query)
  return (
    <Page title="Organization" aside={known && <CopyableId id={known.id} className="ml-2" />}>
      <Lacks needs="admin" what="change the organization" />
      <Loaded query={query} what="The organization could not be read" rows={5}>
        {(org) => <OrgForm key={org.id} org={org} />}
      </Loaded>
    </Page>
  )
}

const ZONES = Intl.supportedValuesOf('timeZone')

function OrgForm({ org }: { org: Org }) {
  const isAdmin = useMay('admin')
  const [name, setName] = useState(org.name)
  const [zone, setZone] = useState(org.time_zone)
  const [makesProjects, setMakesProjects] = useState(org.rollouts.make_projects)
  const save = useAct(['org', 'login'], () =>
    data(
      api.POST('/v1/org', {
        body: { name: name.trim(), time_zone: zone.trim(), rollouts: { make_projects: makesProjects } },
      }),
    ),
  )
  const fault = placeFault(save.error, ['name', 'time_zone'])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate(undefined, {
      onSuccess: () => toast({ title: 'Saved', tone: 'good' }),
    })
  }
  return (
    <form onSubmit={submit}>
      <Section title="Name" description="Shown at the top left, on invitations and in the audit log.">
        <TextField
          label="Name"
          error={fault.at('name')}
          required
          maxLength={256}
          disabled={!isAdmin}
          value={name}
          onChange={setName}
        />
      </Section>
      <Section
        title="Clock"
        description="The hours of approval rules are read by it. Schedules have clocks of their own."
      >
        <Field label="Time zone" error={fault.at('time_zone')}>
          {(control) => (
            <>
              <Input
                {...control}
                required
                list="zones"
                disabled={!isAdmin}
                value={zone}
                onChange={(event) => setZone(event.target.value)}
              />
              <datalist id="zones">
                {ZONES.map((zone) => (
                  <option key={zone} value={zone} />
                ))}
              </datalist>
            </>
          )}
        </Field>
      </Section>
      <Section title="Rollouts" description="What becomes of a report of a repository that no project has.">
        <Switch
          label="Make a project for it"
          hint="Otherwise the report is refused, and the pipeline is told why."
          checked={makesProjects}
          disabled={!isAdmin}
          onChange={setMakesProjects}
        />
      </Section>
      {isAdmin && (
        <div className="flex flex-col items-start gap-3 px-4 py-5 sm:px-6 lg:pl-[19.5rem]">
          {fault.below && <ErrorNote error={fault.below} />}
          <Button type="submit" look="main" busy={save.isPending}>
            Save
          </Button>
        </div>
      )}
    </form>
  )
}
