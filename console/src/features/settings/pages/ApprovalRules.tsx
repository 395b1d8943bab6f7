import { useQuery } from '@tanstack/react-query'
import { Plus, ShieldCheck, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/dialog'
import { Listing } from '@/components/ui/loaded'
import { MenuItem, RowMenu } from '@/components/ui/menu'
import { PageHeader } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { type Column, menuColumn, Table } from '@/components/ui/table'
import { api, data } from '@/lib/api/client'
import { useMay } from '@/lib/api/login'
import type { Project } from '@/lib/api/people'
import { plural } from '@/lib/format'
import { Lacks } from '../parts/Lacks'
import { RuleForm } from '../parts/RuleForm'
import { membersQuery, projectsQuery, type Rule, rulesQuery, useAct } from '../queries'

export function ApprovalRules() {
  const list = useQuery(rulesQuery)
  const { data: projects } = useQuery(projectsQuery)
  const [open, setOpen] = useState<Rule | 'new'>()
  const [gone, setGone] = useState<Rule>()
  const isAdmin = useMay('admin')
  const { data: members } = useQuery({ ...membersQuery, enabled: isAdmin })
  const remove = useAct(['approval_rules'], (rule: Rule) =>
    data(api.DELETE('/v1/approval_rules/{rule_id}', { params: { path: { rule_id: rule.id } } })),
  )
  const people = members ?? []
  const add = (
    <Button look="main" onClick={() => setOpen('new')}>
      <Plus aria-hidden className="size-4" />
      New rule
    </Button>
  )
  const columns = [
    ...columnsOf(projects ?? [], new Map(people.map(({ id, name }) => [id, name]))),
    menuColumn<Rule>((rule) => isAdmin && <RuleMenu rule={rule} onDelete={() => setGone(rule)} />),
  ]
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader title="Approval rules" actions={isAdmin && add} />
      <Lacks needs="admin" what="make rules" />
      <Listing
        query={list}
        rows={list.data?.data}
        what="The rules could not be read"
        empty={
          <EmptyState
            icon={ShieldCheck}
            {...(isAdmin ? { action: add } : {})}
            command="sortie approval-rules create production --branch main --count 2"
          >
            A rule says which rollouts wait until people approve them. Without one, none waits.
          </EmptyState>
        }
      >
        {(rows) => (
          <Table
            label="Approval rules"
            className="grow"
            columns={columns}
            rows={rows}
            rowKey={(rule) => rule.id}
            {...(isAdmin ? { onOpen: setOpen } : {})}
          />
        )}
      </Listing>
      {open && (
        <RuleForm
          rule={open === 'new' ? undefined : open}
          people={people}
          onClose={() => setOpen(undefined)}
        />
      )}
      <ConfirmDialog
        open={gone !== undefined}
        onOpenChange={(isOpen) => isOpen || setGone(undefined)}
        title={`Delete the rule ${gone?.name ?? ''}?`}
        description="New rollouts no longer wait for it. Those that wait already still do."
        confirm="Delete"
        dangerous
        onConfirm={async () => gone && remove.mutateAsync(gone)}
      />
    </div>
  )
}

function columnsOf(projects: readonly Project[], names: ReadonlyMap<string, string>): Column<Rule>[] {
  return [
    { key: 'name', header: 'Rule', cell: ({ name }) => <span className="font-medium">{name}</span> },
    {
      key: 'asks',
      header: 'Asks about',
      width: 'minmax(0,2fr)',
      secondary: true,
      cell: (rule) => {
        const project = projects.find(({ id }) => id === rule.project_id)
        return <span className="text-muted">{targetOf(rule, project?.name)}</span>
      },
    },
    {
      key: 'who',
      header: 'Needs',
      width: 'minmax(0,1.2fr)',
      cell: (rule) => `${rule.min_count} of ${approversOf(rule, names)}`,
    },
  ]
}

function RuleMenu({ rule, onDelete }: { rule: Rule; onDelete: () => void }) {
  return (
    <RowMenu label={`More about ${rule.name}`}>
      <MenuItem dangerous icon={<Trash2 />} onSelect={onDelete}>
        Delete
      </MenuItem>
    </RowMenu>
  )
}

function targetOf(rule: Rule, project: string | undefined): string {
  const parts = [
    rule.project_id ? (project ?? rule.project_id) : 'all projects',
    rule.branches.length > 0 && `branches ${rule.branches.join(', ')}`,
    rule.paths.length > 0 && `paths ${rule.paths.join(', ')}`,
    rule.window && `${rule.window.days?.join(', ') || 'daily'} ${rule.window.from}–${rule.window.until}`,
  ]
  return parts.filter(Boolean).join(' · ')
}

function approversOf({ approvers }: Rule, names: ReadonlyMap<string, string>): string {
  const roles = (approvers.roles ?? []).map((role) => `every ${role}`)
  const members = approvers.members ?? []
  const known = members.map((id) => names.get(id))
  const people = known.every(Boolean)
    ? known.map(String)
    : [plural(members.length, 'named person', 'named people')]
  return [...roles, ...people].join(', ') || 'owners and admins'
}
