import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Documents } from '@/components/ui/documents'
import { Field, Select } from '@/components/ui/field'
import { Page } from '@/components/ui/page'
import { useAgentNames } from '@/lib/api/agents'
import { useMay } from '@/lib/api/login'
import { isText, useRemembered } from '@/lib/remembered'

const EVERYBODY = ''

/** What agents read: each one's own documents, and those of all. */
export function Knowledge() {
  const agents = useAgentNames()
  const [remembered, setRemembered] = useRemembered('knowledge.agent', EVERYBODY, isText)
  const [chosen, setChosen] = useState(remembered)
  const mayWrite = useMay('member')
  const mayAdminister = useMay('admin')
  const agent = agents?.find((one) => one.id === chosen)
  const choose = (id: string) => {
    setChosen(id)
    setRemembered(id)
  }
  return (
    <Page title="Knowledge">
      <div className="mx-auto flex max-w-3xl flex-col gap-5 px-4 py-6 sm:px-6">
        <Field
          label="Who reads them"
          hint={
            agent
              ? 'Answers cite them: each claim with its source.'
              : 'Short texts that every agent of the organization knows.'
          }
        >
          {(control) => (
            <Select
              {...control}
              value={agent ? chosen : EVERYBODY}
              onChange={(event) => choose(event.target.value)}
            >
              <option value={EVERYBODY}>Every agent</option>
              <optgroup label="One agent">
                {agents?.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.label}
                  </option>
                ))}
              </optgroup>
            </Select>
          )}
        </Field>
        <Documents
          key={agent?.id ?? EVERYBODY}
          agent={agent?.id}
          mayWrite={agent ? mayWrite : mayAdminister}
          empty={
            agent
              ? `${agent.name} has no documents: it knows what its model knows, and says so.`
              : 'There is nothing yet that every agent should know.'
          }
        />
        {agent && (
          <p className="text-muted text-sm">
            Try what it makes of them in{' '}
            <Link
              to="/agents/$agentId"
              params={{ agentId: agent.id }}
              className="text-accent underline underline-offset-2"
            >
              {agent.name}’s playground
            </Link>
            .
          </p>
        )}
      </div>
    </Page>
  )
}
