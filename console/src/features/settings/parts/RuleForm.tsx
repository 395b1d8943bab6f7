import { useState } from 'react'
import { Field, Input } from '@/components/ui/field'
import { AreaField, TextField } from '@/components/ui/textField'
import { Checkbox, Switch } from '@/components/ui/toggles'
import { api, data, type Schemas } from '@/lib/api/client'
import type { Member } from '@/lib/api/people'
import { linesOf } from '@/lib/lines'
import { type Rule, useAct } from '../queries'
import { FormDialog } from './FormDialog'
import { ProjectField } from './ProjectField'

type Day = Schemas['DayView']
type Role = Schemas['RoleView']

const DAYS: readonly Day[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const ROLES: readonly Role[] = ['owner', 'admin', 'member']
const HOUR = 3600

interface RuleFormProps {
  rule: Rule | undefined
  people: readonly Member[]
  onClose: () => void
}

/** Everything that a rule says, as the form holds it. */
interface Draft {
  name: string
  project: string
  branches: string
  paths: string
  members: string[]
  roles: Role[]
  count: number
  allowOwn: boolean
  hasWindow: boolean
  days: Day[]
  from: string
  until: string
  hours: number
}

function draftOf(rule: Rule | undefined): Draft {
  return {
    name: rule?.name ?? '',
    project: rule?.project_id ?? '',
    branches: rule?.branches.join('\n') ?? '',
    paths: rule?.paths.join('\n') ?? '',
    members: rule?.approvers.members ?? [],
    roles: rule?.approvers.roles ?? [],
    count: rule?.min_count ?? 1,
    allowOwn: rule?.allow_own ?? false,
    hasWindow: Boolean(rule?.window),
    days: rule?.window?.days ?? [],
    from: rule?.window?.from ?? '00:00',
    until: rule?.window?.until ?? '24:00',
    hours: (rule?.expires_after_seconds ?? 24 * HOUR) / HOUR,
  }
}

function bodyOf(draft: Draft) {
  return {
    name: draft.name.trim(),
    project_id: draft.project || null,
    branches: linesOf(draft.branches),
    paths: linesOf(draft.paths),
    approvers: { members: draft.members, roles: draft.roles },
    min_count: draft.count,
    allow_own: draft.allowOwn,
    window: draft.hasWindow ? { days: draft.days, from: draft.from, until: draft.until } : null,
    expires_after_seconds: Math.round(draft.hours * HOUR),
  }
}

export function RuleForm({ rule, people, onClose }: RuleFormProps) {
  const [draft, setDraft] = useState(() => draftOf(rule))
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change })
  const save = useAct(['approval_rules'], () => {
    const body = bodyOf(draft)
    return rule
      ? data(api.POST('/v1/approval_rules/{rule_id}', { params: { path: { rule_id: rule.id } }, body }))
      : data(api.POST('/v1/approval_rules', { body }))
  })
  return (
    <FormDialog
      title={rule ? rule.name : 'New rule'}
      description="A rollout that is reported as pending and fits all of this waits for approval."
      submit={rule ? 'Save' : 'Create'}
      wide
      fields={['name', 'paths', 'branches', 'approvers', 'min_count', 'window', 'expires_after_seconds']}
      onClose={onClose}
      onSubmit={() => save.mutateAsync(undefined)}
    >
      {(faultOf) => (
        <>
          <Target draft={draft} set={set} faultOf={faultOf} />
          <Approvers draft={draft} set={set} people={people} error={faultOf('approvers')} />
          <Numbers draft={draft} set={set} faultOf={faultOf} />
          <Switch
            label="People may decide about what they reported themselves"
            checked={draft.allowOwn}
            onChange={(allowOwn) => set({ allowOwn })}
          />
          <Window draft={draft} set={set} error={faultOf('window')} />
        </>
      )}
    </FormDialog>
  )
}

interface FieldsProps {
  draft: Draft
  set: (change: Partial<Draft>) => void
  faultOf: (field: string) => string | undefined
}

/** What a rollout must be for the rule to ask about it. */
function Target({ draft, set, faultOf }: FieldsProps) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <TextField
        label="Name"
        error={faultOf('name')}
        autoFocus
        required
        value={draft.name}
        onChange={(text) => set({ name: text })}
      />
      <ProjectField
        label="Project"
        all="All projects"
        value={draft.project}
        onChange={(project) => set({ project })}
      />
      <AreaField
        label="Branches"
        hint="One a line, such as release/*; any if none."
        error={faultOf('branches')}
        rows={3}
        className="font-mono"
        value={draft.branches}
        onChange={(text) => set({ branches: text })}
      />
      <AreaField
        label="Paths"
        hint="One a line, such as infra/**; any if none."
        error={faultOf('paths')}
        rows={3}
        className="font-mono"
        value={draft.paths}
        onChange={(text) => set({ paths: text })}
      />
    </div>
  )
}

function Numbers({ draft, set, faultOf }: FieldsProps) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label="How many must approve" error={faultOf('min_count')}>
        {(control) => (
          <Input
            {...control}
            type="number"
            min={1}
            max={100}
            value={draft.count}
            onChange={(event) => set({ count: event.target.valueAsNumber || 1 })}
          />
        )}
      </Field>
      <Field label="Rejected by itself after hours" error={faultOf('expires_after_seconds')}>
        {(control) => (
          <Input
            {...control}
            type="number"
            min={0.05}
            max={168}
            step="any"
            value={draft.hours}
            onChange={(event) => set({ hours: event.target.valueAsNumber || 24 })}
          />
        )}
      </Field>
    </div>
  )
}

interface PartProps {
  draft: Draft
  set: (change: Partial<Draft>) => void
  error: string | undefined
}

function Approvers({ draft, set, people, error }: PartProps & { people: readonly Member[] }) {
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 font-medium text-sm">
        Who approves (owners and admins if nobody is chosen)
      </legend>
      <div className="flex flex-wrap gap-x-5 gap-y-1.5">
        {ROLES.map((role) => (
          <Checkbox
            key={role}
            label={`every ${role}`}
            checked={draft.roles.includes(role)}
            onChange={(isOn) => set({ roles: toggled(draft.roles, role, isOn) })}
          />
        ))}
      </div>
      <div className="flex max-h-40 flex-wrap gap-x-5 gap-y-1.5 overflow-y-auto">
        {people.map(({ id, name }) => (
          <Checkbox
            key={id}
            label={name}
            checked={draft.members.includes(id)}
            onChange={(isOn) => set({ members: toggled(draft.members, id, isOn) })}
          />
        ))}
      </div>
      {error && <p className="text-bad text-sm">{error}</p>}
    </fieldset>
  )
}

function Window({ draft, set, error }: PartProps) {
  return (
    <fieldset className="flex flex-col gap-3">
      <Switch
        label="Only at certain hours"
        hint="By the organization’s clock; hours may go over midnight."
        checked={draft.hasWindow}
        onChange={(hasWindow) => set({ hasWindow })}
      />
      {draft.hasWindow && (
        <>
          <div className="flex flex-wrap gap-x-4 gap-y-1.5">
            {DAYS.map((day) => (
              <Checkbox
                key={day}
                label={day}
                checked={draft.days.includes(day)}
                onChange={(isOn) => set({ days: toggled(draft.days, day, isOn) })}
              />
            ))}
          </div>
          <div className="grid grid-cols-2 gap-4 sm:max-w-72">
            <TextField label="From" value={draft.from} onChange={(text) => set({ from: text })} />
            <TextField label="Until" value={draft.until} onChange={(text) => set({ until: text })} />
          </div>
        </>
      )}
      {error && <p className="text-bad text-sm">{error}</p>}
    </fieldset>
  )
}

function toggled<T>(list: readonly T[], item: T, isOn: boolean): T[] {
  return isOn ? [...list, item] : list.filter((other) => other !== item)
}
