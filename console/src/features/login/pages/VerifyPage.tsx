import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field, Input } from '@/components/ui/field'
import { ErrorNote } from '@/components/ui/states'
import { cased, data } from '@/lib/api/client'
import { asApiError } from '@/lib/api/error'
import { typedKey } from '@/lib/api/key'
import { loginQuery } from '@/lib/api/login'
import { Frame } from '../parts/Frame'

const route = getRouteApi('/cli/verify')

/** Lets a program on the command line have a key: somebody who is logged in, or has a key, types the code it shows. */
export function VerifyPage() {
  const { code: given } = route.useSearch()
  const [code, setCode] = useState(given ?? '')
  const login = useQuery({ ...loginQuery, retry: false })
  const [key, setKey] = useState(typedKey() ?? '')
  const decide = useMutation({
    mutationFn: (decision: 'allow' | 'refuse') =>
      data(
        cased.POST('/api/v1/cli/auth/decide', {
          body: { user_code: code, decision },
          ...(key.trim() && { headers: { authorization: `Bearer ${key.trim()}` } }),
        }),
      ),
    onSuccess: () => setKey(''),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const { submitter } = event.nativeEvent as SubmitEvent
    const isRefused = submitter instanceof HTMLButtonElement && submitter.value === 'refuse'
    decide.mutate(isRefused ? 'refuse' : 'allow')
  }
  if (decide.data) {
    return (
      <Frame title="Done" lead={decide.data.message}>
        <p className="text-muted">You can close this page and go back to the program.</p>
      </Frame>
    )
  }
  return (
    <Frame
      title="Log a program in"
      lead="Type the code that the program shows. Allow it only if you have just started that program yourself: it gets a key of yours."
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Code">
          {(control) => (
            <Input
              {...control}
              required
              value={code}
              onChange={(event) => setCode(event.target.value)}
              autoCapitalize="characters"
              spellCheck={false}
              placeholder="ABCD-1234"
              className="num h-10 font-mono text-lg tracking-widest"
            />
          )}
        </Field>
        {login.data ? (
          <p className="text-muted text-sm">
            It will act as {login.data.member.name} in {login.data.org.name}.
          </p>
        ) : (
          <Field label="Your API key" hint="Or log in first. It stays in this page’s memory.">
            {(control) => (
              <Input
                {...control}
                type="password"
                required
                value={key}
                onChange={(event) => setKey(event.target.value)}
              />
            )}
          </Field>
        )}
        {decide.error && <ErrorNote error={asApiError(decide.error)} />}
        <div className="flex gap-2">
          <Button type="submit" look="main" value="allow" busy={decide.isPending} className="grow">
            Allow
          </Button>
          <Button type="submit" value="refuse" disabled={decide.isPending}>
            Refuse
          </Button>
        </div>
      </form>
    </Frame>
  )
}
