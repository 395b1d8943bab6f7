import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Loaded } from '@/components/ui/loaded'
import { Section } from '@/components/ui/page'
import { ErrorNote } from '@/components/ui/states'
import { toast } from '@/components/ui/toast'
import { Checkbox, Switch } from '@/components/ui/toggles'
import { api, data } from '@/lib/api/client'
import { asApiError } from '@/lib/api/error'
import { useLogin, useMay } from '@/lib/api/login'
import type { Member } from '@/lib/api/people'
import { plural } from '@/lib/format'
import { type Agent, membersQuery } from '../queries'
import { same } from './draft'

/** Who may use an agent: everybody, or some people. */
export function Access({ agent, mayWrite }: { agent: Agent; mayWrite: boolean }) {
  const { member: me } = useLogin()
  const seesPeople = useMay('admin')
  const members = useQuery({ ...membersQuery, enabled: seesPeople })
  const client = useQueryClient()
  const [chosen, setChosen] = useState<readonly string[] | null>(agent.members ?? null)
  const open = useMutation({
    mutationFn: () =>
      data(
        api.POST('/v1/agents/{agent_id}/access', {
          params: { path: { agent_id: agent.id } },
          body: { members: chosen === null ? null : [...chosen] },
        }),
      ),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['agents'] })
      toast({
        title: 'Saved',
        description: chosen ? 'Only those people may use it.' : 'Everybody may use it.',
      })
    },
  })
  const toggle = (id: string, isIn: boolean) =>
    setChosen(isIn ? [...(chosen ?? []), id] : (chosen ?? []).filter((one) => one !== id))
  return (
    <Section
      title="Who may use it"
      description="To others it does not exist. Owners and admins see every agent. A key may do what its person may."
    >
      <Switch
        label="Everybody in the organization"
        disabled={!mayWrite}
        checked={chosen === null}
        onChange={(all) => setChosen(all ? null : [me.id])}
      />
      {chosen !== null && !seesPeople && <Unseen chosen={chosen} me={me.id} />}
      {chosen !== null && seesPeople && (
        <Loaded query={members} what="The members were not read" rows={3}>
          {(all) => <People all={all} chosen={chosen} disabled={!mayWrite} onToggle={toggle} />}
        </Loaded>
      )}
      {open.isError && <ErrorNote error={asApiError(open.error)} />}
      {mayWrite && (
        <div>
          <Button
            look="main"
            busy={open.isPending}
            disabled={same(chosen, agent.members ?? null) || chosen?.length === 0}
            onClick={() => open.mutate()}
          >
            Save access
          </Button>
        </div>
      )}
    </Section>
  )
}

interface PeopleProps {
  all: readonly Member[]
  chosen: readonly string[]
  disabled: boolean
  onToggle: (id: string, isIn: boolean) => void
}

function People({ all, chosen, disabled, onToggle }: PeopleProps) {
  return (
    <fieldset disabled={disabled} className="flex flex-col gap-2.5 rounded-md border p-3">
      <legend className="px-1 font-medium text-sm">These people</legend>
      {all.map((member) => (
        <Checkbox
          key={member.id}
          label={member.name}
          hint={`${member.email ?? 'no address'} · ${member.role}`}
          disabled={disabled}
          checked={chosen.includes(member.id)}
          onChange={(isIn) => onToggle(member.id, isIn)}
        />
      ))}
    </fieldset>
  )
}

/** Whoever does not administer the organization may not see who is in it. */
function Unseen({ chosen, me }: { chosen: readonly string[]; me: string }) {
  const others = chosen.filter((id) => id !== me).length
  const who = others === 0 ? 'You alone' : `You, and ${plural(others, 'other person', 'other people')}`
  return (
    <p className="text-muted">
      {chosen.includes(me) ? who : plural(others, 'person', 'people')}, beside admins and owners, who choose
      people by name.
    </p>
  )
}
