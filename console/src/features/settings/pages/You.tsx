import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { CopyableId } from '@/components/ui/copy'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Field, Input } from '@/components/ui/field'
import { Page, Section } from '@/components/ui/page'
import { ErrorNote } from '@/components/ui/states'
import { Badge } from '@/components/ui/status'
import { toast } from '@/components/ui/toast'
import { api, data } from '@/lib/api/client'
import { asApiError } from '@/lib/api/error'
import { useTypedKey } from '@/lib/api/key'
import { setupQuery, useLogin, useLogout } from '@/lib/api/login'

const PASSWORD_MIN = 10

export function You() {
  const { member, org } = useLogin()
  const byKey = useTypedKey() !== undefined
  const { data: setup } = useQuery(setupQuery)
  return (
    <Page title="You">
      <Section
        title="Who you are"
        description={`In ${org.name}. An admin changes names and roles, under Members.`}
      >
        <dl className="grid grid-cols-[6rem_minmax(0,1fr)] gap-x-3 gap-y-2">
          <dt className="text-muted">Name</dt>
          <dd>{member.name}</dd>
          <dt className="text-muted">E-mail</dt>
          <dd>{member.email}</dd>
          <dt className="text-muted">Role</dt>
          <dd>
            <Badge>{member.role}</Badge>
          </dd>
          <dt className="text-muted">Id</dt>
          <dd>
            <CopyableId id={member.id} whole />
          </dd>
        </dl>
      </Section>
      {byKey ? (
        <Section title="Password" description="You came in with an API key.">
          <p className="text-muted">Log in with e-mail and password to change the password.</p>
        </Section>
      ) : setup?.passwords ? (
        <Password email={member.email ?? ''} />
      ) : null}
      <Everywhere />
    </Page>
  )
}

function Password({ email }: { email: string }) {
  const [old, setOld] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({
    mutationFn: () => data(api.POST('/v1/login/password', { body: { old, new: next } })),
    onSuccess: () => {
      setOld('')
      setNext('')
      toast({ title: 'The password is changed', tone: 'good' })
    },
  })
  const error = change.error ? asApiError(change.error) : undefined
  const faultOf = (field: string) => (error?.field === field ? error.message : undefined)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  return (
    <Section title="Password" description="Your other logins end when it is changed.">
      <form onSubmit={submit} className="flex max-w-sm flex-col gap-4">
        <input type="hidden" autoComplete="username" value={email} readOnly />
        <Field label="Password now" error={faultOf('old')}>
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="current-password"
              required
              value={old}
              onChange={(event) => setOld(event.target.value)}
            />
          )}
        </Field>
        <Field
          label="New password"
          hint={`At least ${PASSWORD_MIN} characters. A few words are better than a few signs.`}
          error={faultOf('new')}
        >
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="new-password"
              required
              minLength={PASSWORD_MIN}
              maxLength={256}
              value={next}
              onChange={(event) => setNext(event.target.value)}
            />
          )}
        </Field>
        {error && error.field === undefined && <ErrorNote error={error} />}
        <Button type="submit" className="self-start" busy={change.isPending}>
          Change the password
        </Button>
      </form>
    </Section>
  )
}

function Everywhere() {
  const [isAsked, setIsAsked] = useState(false)
  const logout = useLogout()
  return (
    <Section title="Logins" description="If a machine was lost, or you left a page open somewhere.">
      <div>
        <Button look="danger" onClick={() => setIsAsked(true)}>
          Log out everywhere
        </Button>
      </div>
      <ConfirmDialog
        open={isAsked}
        onOpenChange={setIsAsked}
        title="Log out everywhere?"
        description="Every login of yours ends, this one too, with the pages that are open. Your API keys stay."
        confirm="Log out everywhere"
        dangerous
        onConfirm={() => logout.mutateAsync(true)}
      />
    </Section>
  )
}
