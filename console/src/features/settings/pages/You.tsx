import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { CopyableId } from '@/components/ui/copy'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Page, Section } from '@/components/ui/page'
import { NewPassword, Password } from '@/components/ui/password'
import { ErrorNote } from '@/components/ui/states'
import { Badge } from '@/components/ui/status'
import { TextField } from '@/components/ui/textField'
import { Time } from '@/components/ui/time'
import { toast, toastError } from '@/components/ui/toast'
import { api, data } from '@/lib/api/client'
import { placeFault } from '@/lib/api/error'
import { useTypedKey } from '@/lib/api/key'
import { setupQuery, useLogin, useLogout, useMay, useSwitchOrg } from '@/lib/api/login'
import { useAct } from '../queries'
import { ROLES } from '../roles'

/** One's own account: who one is here, how one comes in, and where one is in. */
export function You() {
  const { orgs } = useLogin()
  const byKey = useTypedKey() !== undefined
  return (
    <Page title="You">
      <WhoYouAre />
      {orgs.length > 1 && !byKey && <Organizations />}
      {byKey ? <CameByKey /> : <HowYouLogIn />}
      {byKey ? null : <Logins />}
    </Page>
  )
}

function WhoYouAre() {
  const { member, org } = useLogin()
  const isAdmin = useMay('admin')
  const about = ROLES.find(({ role }) => role === member.role)?.about
  return (
    <Section
      title="Who you are"
      description={
        isAdmin
          ? `In ${org.name}. Your name stands beside whatever you decide.`
          : `In ${org.name}. An admin changes your name and your role, under Members.`
      }
    >
      <dl className="grid grid-cols-[6rem_minmax(0,1fr)] gap-x-3 gap-y-2">
        {!isAdmin && (
          <>
            <dt className="text-muted">Name</dt>
            <dd>{member.name}</dd>
          </>
        )}
        <dt className="text-muted">E-mail</dt>
        <dd className="wrap-anywhere">{member.email}</dd>
        <dt className="text-muted">Role</dt>
        <dd>
          <Badge>{member.role}</Badge> <span className="text-muted text-sm">{about}</span>
        </dd>
        <dt className="text-muted">Id</dt>
        <dd>
          <CopyableId id={member.id} whole />
        </dd>
      </dl>
      {isAdmin && <Name key={member.name} />}
    </Section>
  )
}

function Name() {
  const { member } = useLogin()
  const [name, setName] = useState(member.name)
  const save = useAct(['login', 'members'], () =>
    data(
      api.POST('/v1/members/{member}', {
        params: { path: { member: member.id } },
        body: { name: name.trim() },
      }),
    ),
  )
  const fault = placeFault(save.error, ['name'])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate(undefined, { onSuccess: () => toast({ title: 'Saved', tone: 'good' }) })
  }
  return (
    <form onSubmit={submit} className="flex max-w-sm flex-col gap-4">
      <TextField
        label="Name"
        error={fault.at('name')}
        autoComplete="name"
        required
        maxLength={256}
        value={name}
        onChange={setName}
      />
      {fault.below && <ErrorNote error={fault.below} />}
      <Button
        type="submit"
        className="self-start"
        busy={save.isPending}
        disabled={name.trim() === '' || name.trim() === member.name}
      >
        Save the name
      </Button>
    </form>
  )
}

function Organizations() {
  const { org, orgs } = useLogin()
  const go = useSwitchOrg()
  return (
    <Section title="Organizations" description="Those that you are a member of, each with your role in it.">
      <ul className="divide-y rounded-md border">
        {orgs.map((other) => (
          <li key={other.id} className="flex min-h-10 items-center gap-3 px-3 py-1">
            <span className="min-w-0 truncate font-medium">{other.name}</span>
            <Badge>{other.role}</Badge>
            <span className="ml-auto text-muted text-sm">
              {other.id === org.id ? (
                'You are here'
              ) : (
                <Button
                  size="sm"
                  busy={go.isPending && go.variables === other.id}
                  onClick={() => go.mutate(other.id, { onError: toastError('Not switched') })}
                >
                  Go there
                </Button>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function CameByKey() {
  return (
    <Section title="Password" description="You came in with an API key. It stays in this page’s memory.">
      <p className="text-muted">Log in with your account to change the password and to end logins.</p>
      <div>
        {/* A page that is loaded anew knows the key no more. */}
        <Button onClick={() => location.assign('/login')}>Forget the key and log in</Button>
      </div>
    </Section>
  )
}

function HowYouLogIn() {
  const setup = useQuery(setupQuery)
  if (setup.isPending) return null
  // A server that does not say takes passwords, as most do.
  const passwords = setup.data?.passwords ?? true
  const elsewhere = (setup.data?.issuers ?? []).map(({ title }) => title).join(' or ')
  return (
    <>
      {passwords && <ChangePassword elsewhere={elsewhere} />}
      {elsewhere && <Elsewhere titles={elsewhere} passwords={passwords} />}
    </>
  )
}

function ChangePassword({ elsewhere }: { elsewhere: string }) {
  const { member } = useLogin()
  const [old, setOld] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({
    mutationFn: () => data(api.POST('/v1/login/password', { body: { old, new: next } })),
    onSuccess: () => {
      setOld('')
      setNext('')
      toast({ title: 'The password is changed', description: 'Your other logins have ended.', tone: 'good' })
    },
  })
  const fault = placeFault(change.error, ['old', 'new'])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  return (
    <Section
      title="Password"
      description="Your other logins end when it is changed. If it is forgotten, an admin makes a link for a new one, under Members."
    >
      <form onSubmit={submit} className="flex max-w-sm flex-col gap-4">
        <input type="hidden" autoComplete="username" value={member.email ?? ''} readOnly />
        <Password
          label="Password now"
          hint={elsewhere && `You have none if you log in with ${elsewhere}.`}
          error={fault.at('old')}
          value={old}
          onChange={setOld}
        />
        <NewPassword error={fault.at('new')} value={next} onChange={setNext} />
        {fault.below && <ErrorNote error={fault.below} />}
        <Button type="submit" className="self-start" busy={change.isPending}>
          Change the password
        </Button>
      </form>
    </Section>
  )
}

/** What an issuer does to an account is decided at its first login: nothing is tied here. */
function Elsewhere({ titles, passwords }: { titles: string; passwords: boolean }) {
  return (
    <Section title="Logging in elsewhere" description="With an account that you have at work, say.">
      <p>The login page lets you in with {titles}, if your e-mail address there is the one above.</p>
      {passwords && (
        <p className="text-muted text-sm">
          The first time, your password here and all your logins end: you log in there from then on.
        </p>
      )}
    </Section>
  )
}

function Logins() {
  const { expires_at: end } = useLogin()
  const [isAsked, setIsAsked] = useState(false)
  const logout = useLogout()
  return (
    <Section title="Logins" description="If a machine was lost, or you left a page open somewhere.">
      {end && (
        <p>
          This login ends <Time at={end} />, or once it was not used for seven days.
        </p>
      )}
      <p className="text-muted text-sm">
        Programs come in with keys, which stay when logins end:{' '}
        <Link to="/settings/api" className="text-accent underline underline-offset-2">
          API Keys
        </Link>
        .
      </p>
      <div className="flex flex-wrap gap-2">
        <Button
          busy={logout.isPending && logout.variables === false}
          onClick={() => logout.mutate(false, { onError: toastError('Not logged out') })}
        >
          Log out
        </Button>
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
