import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Loaded } from '@/components/ui/loaded'
import { EmptyState } from '@/components/ui/states'
import { Badge } from '@/components/ui/status'
import { Time } from '@/components/ui/time'
import { toast } from '@/components/ui/toast'
import { cx } from '@/lib/classes'
import { type Agent, useUpdateAgent, versionsQuery } from '../queries'
import { type Change, changesBetween, nearChanges } from './diff'
import { restoreOf } from './draft'

/** Every version, what it changed, and the way back to it. */
export function Versions({ agent, mayWrite }: { agent: Agent; mayWrite: boolean }) {
  const versions = useQuery(versionsQuery(agent.id))
  return (
    <Loaded query={versions} what="The versions were not read">
      {(all) => <History agent={agent} versions={all} mayWrite={mayWrite} />}
    </Loaded>
  )
}

interface HistoryProps {
  agent: Agent
  versions: readonly Agent[]
  mayWrite: boolean
}

function History({ agent, versions, mayWrite }: HistoryProps) {
  const [chosen, setChosen] = useState<number>()
  const all = [...versions].sort((one, other) => other.version - one.version)
  const shown = all.find((one) => one.version === chosen) ?? all[0]
  if (!shown) return <EmptyState>There are no versions.</EmptyState>
  const before = all.find((one) => one.version < shown.version)
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] lg:min-h-full lg:grid-cols-[14rem_minmax(0,1fr)]">
      <ol
        aria-label="Versions"
        className="max-h-56 overflow-y-auto border-b lg:max-h-none lg:border-r lg:border-b-0"
      >
        {all.map((one) => (
          <li key={one.version}>
            <button
              type="button"
              aria-current={one === shown}
              onClick={() => setChosen(one.version)}
              className="flex h-9 w-full items-center gap-2 border-b px-4 text-left text-sm hover:bg-hover aria-[current=true]:bg-selected sm:px-6"
            >
              <span className="num font-medium">Version {one.version}</span>
              {one.version === agent.version && <Badge tone="good">now</Badge>}
              <Time at={one.updated_at} className="ml-auto text-faint" />
            </button>
          </li>
        ))}
      </ol>
      <section className="min-w-0 px-4 py-4 sm:px-6">
        <header className="mb-4 flex flex-wrap items-center gap-3">
          <h2 className="font-semibold">
            {before ? `What version ${shown.version} changed` : `Version ${shown.version}, the first`}
          </h2>
          {mayWrite && shown.version !== agent.version && <Restore agent={agent} older={shown} />}
        </header>
        {before ? <Changes changes={changesBetween(before, shown)} /> : <FirstVersion agent={shown} />}
      </section>
    </div>
  )
}

function Restore({ agent, older }: { agent: Agent; older: Agent }) {
  const [open, setOpen] = useState(false)
  const update = useUpdateAgent(agent.id)
  const restore = async () => {
    const made = await update.mutateAsync({ version: agent.version, ...restoreOf(older) })
    toast({
      title: `Version ${older.version} is back`,
      description: `As version ${made.version}.`,
      tone: 'good',
    })
  }
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)}>
        Restore this version
      </Button>
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={`Restore version ${older.version}?`}
        description="It becomes the newest version. Nothing is lost: the one of now stays in this list."
        confirm="Restore"
        onConfirm={restore}
      />
    </>
  )
}

function FirstVersion({ agent }: { agent: Agent }) {
  const empty = {
    ...agent,
    name: '',
    description: '',
    system: '',
    tools: [],
    mcp_servers: [],
    skills: [],
    output_schema: null,
  }
  const nothing = { ...empty, model: { id: '' } }
  return <Changes changes={changesBetween(nothing, agent)} />
}

const LOOKS = {
  same: 'text-muted',
  added: 'bg-good-soft',
  removed: 'bg-bad-soft',
} as const

const SIGNS = { same: ' ', added: '+', removed: '−' } as const
const SPOKEN = { same: '', added: 'added', removed: 'removed' } as const

export function Changes({ changes }: { changes: readonly Change[] }) {
  if (changes.length === 0) return <p className="text-muted">Nothing that a model or a person sees.</p>
  return (
    <div className="flex flex-col gap-4">
      {changes.map((change) => (
        <section key={change.label} className="overflow-hidden rounded-md border">
          <h3 className="border-b bg-sunken px-3 py-1.5 font-medium text-sm">{change.label}</h3>
          <div className="overflow-x-auto py-1 font-mono text-xs leading-5">
            {nearChanges(change.lines).map((line, index) =>
              line === undefined ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: a gap is nothing but its place
                <div key={`gap ${index}`} className="px-3 text-faint">
                  ⋯
                </div>
              ) : (
                <div key={line.at} className={cx('flex gap-2 px-3', LOOKS[line.kind])}>
                  <span aria-hidden className="w-2 shrink-0 select-none text-faint">
                    {SIGNS[line.kind]}
                  </span>
                  {SPOKEN[line.kind] && <span className="sr-only">{SPOKEN[line.kind]}</span>}
                  <span className="whitespace-pre-wrap break-words">{line.text || ' '}</span>
                </div>
              ),
            )}
          </div>
        </section>
      ))}
    </div>
  )
}
