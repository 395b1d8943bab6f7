import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { CodeLine } from '@/components/ui/copy'
import { Password } from '@/components/ui/password'
import { ErrorNote, Skeleton } from '@/components/ui/states'
import { TextField } from '@/components/ui/textField'
import { api, data } from '@/lib/api/client'
import { asApiError } from '@/lib/api/error'
import { setTypedKey } from '@/lib/api/key'
import { loginQuery, setupQuery } from '@/lib/api/login'
import type { Login } from '@/lib/api/people'
import { Issuers, NotLetIn, Or } from '../parts/Elsewhere'
import { Frame } from '../parts/Frame'

const route = getRouteApi('/login')

export function LoginPage() {
  const [byKey, setByKey] = useState(false)
  const { next, problem, request } = route.useSearch()
  const { data: setup, isPending } = useQuery(setupQuery)
  const issuers = setup?.issuers ?? []
  // A server that does not say takes passwords, as most do.
  const passwords = setup?.passwords ?? true
  return (
    <Frame title="Log in to Sortie">
      {setup?.owner_needed && <OwnerNeeded />}
      {problem && <NotLetIn problem={problem} request={request} />}
      {isPending ? (
        <Skeleton rows={3} />
      ) : byKey ? (
        <KeyForm />
      ) : (
        <>
          {issuers.length > 0 && <Issuers issuers={issuers} next={next} />}
          {issuers.length > 0 && passwords && <Or />}
          {passwords && <PasswordForm />}
        </>
      )}
      <Button look="quiet" onClick={() => setByKey(!byKey)}>
        {!byKey ? 'Use an API key instead' : passwords ? 'Use e-mail and password' : 'Use an account instead'}
      </Button>
    </Frame>
  )
}

/** The first visit of a new installation. */
function OwnerNeeded() {
  return (
    <div className="flex flex-col gap-2 rounded-md bg-busy-soft px-3 py-2.5">
      <p>
        This installation has no owner yet. Open the link that{' '}
        <code className="font-mono text-sm">sortie serve</code> printed when it started, or have a new one
        printed:
      </p>
      <CodeLine text="sortie members reset --owner" />
    </div>
  )
}

/** What follows a login: the page that was asked for, with nothing of who was here before. */
function useEnter() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { next } = route.useSearch()
  return (login: Login) => {
    client.clear()
    client.setQueryData(loginQuery.queryKey, login)
    void navigate({ to: next ?? '/', replace: true })
  }
}

function PasswordForm() {
  const enter = useEnter()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const login = useMutation({
    mutationFn: () => {
      // A key that was typed before would go on speaking for whoever typed it.
      setTypedKey(undefined)
      return data(api.POST('/v1/login', { body: { email, password } }))
    },
    onSuccess: enter,
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    login.mutate()
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <TextField
        label="E-mail"
        type="email"
        autoComplete="username"
        required
        value={email}
        onChange={setEmail}
      />
      <Password
        label="Password"
        hint="Forgotten? An admin makes a link for a new one, under Settings, Members."
        value={password}
        onChange={setPassword}
      />
      {login.error && <LoginFault thrown={login.error} />}
      <Button type="submit" look="main" busy={login.isPending}>
        Log in
      </Button>
    </form>
  )
}

function KeyForm() {
  const enter = useEnter()
  const [key, setKey] = useState('')
  const login = useMutation({
    mutationFn: () => {
      setTypedKey(key.trim())
      return data(api.GET('/v1/login'))
    },
    onSuccess: enter,
    onError: () => setTypedKey(undefined),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    login.mutate()
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <TextField
        label="API key"
        hint="It stays in this page’s memory, and is gone when you close or reload it."
        type="password"
        required
        value={key}
        onChange={setKey}
      />
      {login.error && <LoginFault thrown={login.error} />}
      <Button type="submit" look="main" busy={login.isPending}>
        Go on
      </Button>
    </form>
  )
}

/** "Log in again" is no advice to who is doing just that. */
function LoginFault({ thrown }: { thrown: unknown }) {
  const error = asApiError(thrown)
  if (error.status !== 401) return <ErrorNote error={error} />
  return (
    <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 first-letter:uppercase">
      {error.message}
    </p>
  )
}
