import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { ErrorNote } from '@/components/ui/states'
import { TextField } from '@/components/ui/textField'
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
        <TextField
          label="Code"
          required
          value={code}
          onChange={setCode}
          autoCapitalize="characters"
          spellCheck={false}
          placeholder="ABCD-1234"
          className="num h-10 font-mono text-lg tracking-widest"
        />
        {login.data ? (
          <p className="text-muted text-sm">
            It will act as {login.data.member.name} in {login.data.org.name}.
          </p>
        ) : (
          <TextField
            label="Your API key"
            hint="Or log in first. It stays in this page’s memory."
            type="password"
            required
            value={key}
            onChange={setKey}
          />
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
