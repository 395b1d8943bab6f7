import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field, Input } from '@/components/ui/field'
import { ErrorNote, ErrorState, Skeleton } from '@/components/ui/states'
import { api, data } from '@/lib/api/client'
import { asApiError } from '@/lib/api/error'
import { loginQuery, setupQuery } from '@/lib/api/login'
import type { Link } from '@/lib/api/people'
import { Issuers, Or } from '../parts/Elsewhere'
import { Frame } from '../parts/Frame'

const route = getRouteApi('/invite/$token')
const PASSWORD_MIN = 10

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

function LinkForm({ link, token }: { link: Link; token: string }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [name, setName] = useState(link.name)
  const [email, setEmail] = useState(link.email)
  const [password, setPassword] = useState('')
  const asksName = link.kind !== 'reset' && !link.has_account
  // What stands there was made up by the first start.
  const asksEmail = link.kind === 'owner' && !link.has_account
  const accept = useMutation({
    mutationFn: () => {
      const body = { password, ...(asksName && { name }), ...(asksEmail && { email }) }
      return data(api.POST('/v1/links/{token}', { params: { path: { token } }, body }))
    },
    onSuccess: (login) => {
      client.clear()
      client.setQueryData(loginQuery.queryKey, login)
      void navigate({ to: link.kind === 'owner' ? '/welcome' : '/', replace: true })
    },
  })
  const error = accept.error ? asApiError(accept.error) : undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    accept.mutate()
  }
  const issuers = useQuery(setupQuery).data?.issuers ?? []
  return (
    <Frame title={TITLES[link.kind](link)} lead={asksEmail ? undefined : link.email}>
      {/* Whoever proves there that the address is theirs needs no password here. */}
      {link.kind === 'invitation' && issuers.length > 0 && (
        <>
          <Issuers issuers={issuers} next={undefined} />
          <Or />
        </>
      )}
      <form onSubmit={submit} className="flex flex-col gap-4">
        {asksEmail ? (
          <Field
            label="E-mail"
            hint="You log in with it."
            error={error?.field === 'email' ? error.message : undefined}
          >
            {(control) => (
              <Input
                {...control}
                type="email"
                autoComplete="username"
                required
                value={email}
                onChange={(event) => setEmail(event.target.value)}
              />
            )}
          </Field>
        ) : (
          <input type="hidden" autoComplete="username" value={link.email} readOnly />
        )}
        {asksName && (
          <Field label="Your name" error={error?.field === 'name' ? error.message : undefined}>
            {(control) => (
              <Input
                {...control}
                autoComplete="name"
                required
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
        )}
        <Field
          label={link.has_account && link.kind === 'invitation' ? 'Your password' : 'New password'}
          hint={
            link.has_account && link.kind === 'invitation'
              ? 'You have an account here already; its password is asked for.'
              : `At least ${PASSWORD_MIN} characters. A few words are better than a few signs.`
          }
          error={error?.field === 'password' ? error.message : undefined}
        >
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete={
                link.has_account && link.kind === 'invitation' ? 'current-password' : 'new-password'
              }
              minLength={PASSWORD_MIN}
              maxLength={256}
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
        {error && error.field === undefined && <ErrorNote error={error} />}
        <Button type="submit" look="main" busy={accept.isPending}>
          {link.kind === 'reset' ? 'Set the password' : link.kind === 'owner' ? 'Make the account' : 'Join'}
        </Button>
      </form>
    </Frame>
  )
}
