import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { NewPassword, Password } from '@/components/ui/password'
import { ErrorNote, ErrorState, Skeleton } from '@/components/ui/states'
import { TextField } from '@/components/ui/textField'
import { api, data } from '@/lib/api/client'
import { asApiError, placeFault } from '@/lib/api/error'
import { setTypedKey } from '@/lib/api/key'
import { loginQuery, setupQuery } from '@/lib/api/login'
import type { Link } from '@/lib/api/people'
import { Issuers, Or } from '../parts/Elsewhere'
import { Frame } from '../parts/Frame'

const route = getRouteApi('/invite/$token')

/** Where a link from an admin, or the one that the first start prints, leads. */
export function InvitePage() {
  const { token } = route.useParams()
  const link = useQuery({
    queryKey: ['link', token],
    queryFn: ({ signal }) => data(api.GET('/v1/links/{token}', { params: { path: { token } }, signal })),
  })
  if (link.error?.message && asApiError(link.error).status === 404) {
    return (
      <Frame
        title="This link is not good any more"
        lead="It was used, has ended, or was replaced by a newer one."
      >
        <p className="text-muted">Ask the person who sent it for a new one. Nothing was changed.</p>
      </Frame>
    )
  }
  if (link.error) {
    return (
      <ErrorState error={link.error} what="The link could not be read" onRetry={() => void link.refetch()} />
    )
  }
  if (!link.data) return <Skeleton rows={4} className="mx-auto max-w-sm pt-[14dvh]" />
  return <LinkForm link={link.data} token={token} />
}

const TITLES: Record<Link['kind'], (link: Link) => string> = {
  owner: () => 'Make the owner’s account',
  invitation: (link) => `Join ${link.org.name}`,
  reset: () => 'Choose a new password',
}

const VERBS: Record<Link['kind'], string> = {
  owner: 'Make the account',
  invitation: 'Join',
  reset: 'Set the password',
}

function LinkForm({ link, token }: { link: Link; token: string }) {
  const [name, setName] = useState(link.name)
  const [email, setEmail] = useState(link.email)
  const [password, setPassword] = useState('')
  const asksName = link.kind !== 'reset' && !link.has_account
  // What stands there was made up by the first start.
  const asksEmail = link.kind === 'owner' && !link.has_account
  const accept = useAccept(link, token)
  const fault = placeFault(accept.error, [
    'password',
    ...(asksName ? ['name'] : []),
    ...(asksEmail ? ['email'] : []),
  ])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    accept.mutate({ password, ...(asksName && { name }), ...(asksEmail && { email }) })
  }
  return (
    <Frame title={TITLES[link.kind](link)} lead={asksEmail ? undefined : link.email}>
      {link.kind === 'invitation' && <OrElsewhere />}
      <form onSubmit={submit} className="flex flex-col gap-4">
        {asksEmail ? (
          <TextField
            label="E-mail"
            hint="You log in with it."
            error={fault.at('email')}
            type="email"
            autoComplete="username"
            required
            value={email}
            onChange={setEmail}
          />
        ) : (
          <input type="hidden" autoComplete="username" value={link.email} readOnly />
        )}
        {asksName && (
          <TextField
            label="Your name"
            error={fault.at('name')}
            autoComplete="name"
            required
            value={name}
            onChange={setName}
          />
        )}
        {link.has_account && link.kind === 'invitation' ? (
          <Password
            label="Your password"
            hint="You have an account here already; its password is asked for."
            error={fault.at('password')}
            value={password}
            onChange={setPassword}
          />
        ) : (
          <NewPassword error={fault.at('password')} value={password} onChange={setPassword} />
        )}
        {fault.below && <ErrorNote error={fault.below} />}
        <Button type="submit" look="main" busy={accept.isPending}>
          {VERBS[link.kind]}
        </Button>
      </form>
    </Frame>
  )
}

interface Accepted {
  password: string
  name?: string
  email?: string
}

/** Comes in by the link; of whoever was here before nothing stays in the page. */
function useAccept(link: Link, token: string) {
  const client = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: (body: Accepted) => {
      setTypedKey(undefined)
      return data(api.POST('/v1/links/{token}', { params: { path: { token } }, body }))
    },
    onSuccess: (login) => {
      client.clear()
      client.setQueryData(loginQuery.queryKey, login)
      void navigate({ to: link.kind === 'owner' ? '/welcome' : '/', replace: true })
    },
  })
}

/** Whoever proves elsewhere that the address is theirs needs no password here. */
function OrElsewhere() {
  const issuers = useQuery(setupQuery).data?.issuers ?? []
  if (issuers.length === 0) return null
  return (
    <>
      <Issuers issuers={issuers} next={undefined} />
      <Or />
    </>
  )
}
