import { useInfiniteQuery } from '@tanstack/react-query'
import { Link2, UserCog, UserMinus, UserPen, UserPlus, UserRoundCheck, UserRoundX, Users } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { CodeLine } from '@/components/ui/copy'
import { ConfirmDialog, Dialog } from '@/components/ui/dialog'
import { Field, Select } from '@/components/ui/field'
import { Listing } from '@/components/ui/loaded'
import { MenuItem, MenuSeparator, RowMenu } from '@/components/ui/menu'
import { PageHeader } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { Badge, Status } from '@/components/ui/status'
import { type Column, menuColumn, Table } from '@/components/ui/table'
import { TextField } from '@/components/ui/textField'
import { Time } from '@/components/ui/time'
import { toast, toastError } from '@/components/ui/toast'
import { api, data } from '@/lib/api/client'
import { useLogin, useMay } from '@/lib/api/login'
import type { Member, Role } from '@/lib/api/people'
import { ForAdmins } from '../parts/ForAdmins'
import { FormDialog } from '../parts/FormDialog'
import { memberPagesQuery, useAct } from '../queries'
import { ROLES } from '../roles'

interface Made {
  member: Member
  kind: 'invitation' | 'reset'
  url: string
  expires_at: string
}

type Open =
  | { what: 'invite' }
  | { what: 'name' | 'role' | 'remove'; member: Member }
  | { what: 'link'; made: Made }

export function Members() {
  return (
    <ForAdmins title="Members" what="see who is here, invite people and change their roles">
      <People />
    </ForAdmins>
  )
}

function People() {
  const list = useInfiniteQuery(memberPagesQuery)
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  const showLink = (made: Made) => setOpen({ what: 'link', made })
  const columns = [
    ...COLUMNS,
    menuColumn<Member>((member) => <MemberMenu member={member} onOpen={setOpen} onLink={showLink} />),
  ]
  const invite = (
    <Button look="main" onClick={() => setOpen({ what: 'invite' })}>
      <UserPlus aria-hidden className="size-4" />
      Invite
    </Button>
  )
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader title="Members" actions={invite} />
      <Listing
        query={list}
        rows={list.data?.pages.flatMap((page) => page.data)}
        what="The members could not be read"
        empty={
          <EmptyState icon={Users} action={invite} command="sortie members invite ada@example.com">
            Nobody is here yet.
          </EmptyState>
        }
      >
        {(rows) => (
          <Table
            label="Members"
            className="grow"
            columns={columns}
            rows={rows}
            rowKey={(member) => member.id}
            onEnd={list.hasNextPage && !list.isFetching ? () => void list.fetchNextPage() : undefined}
          />
        )}
      </Listing>
      {open?.what === 'invite' && <Invite onClose={close} onMade={showLink} />}
      {open?.what === 'name' && <ChangeName member={open.member} onClose={close} />}
      {open?.what === 'role' && <ChangeRole member={open.member} onClose={close} />}
      {open?.what === 'remove' && <Remove member={open.member} onClose={close} />}
      {open?.what === 'link' && <LinkDialog made={open.made} onClose={close} />}
    </div>
  )
}

const COLUMNS: Column<Member>[] = [
  { key: 'name', header: 'Name', cell: ({ name }) => <span className="font-medium">{name}</span> },
  { key: 'email', header: 'E-mail', cell: ({ email }) => <span className="text-muted">{email}</span> },
  {
    key: 'role',
    header: 'Role',
    width: '5.5rem',
    cell: ({ role }) => <Badge tone={role === 'owner' ? 'busy' : 'calm'}>{role}</Badge>,
  },
  {
    key: 'state',
    header: 'State',
    width: '7rem',
    secondary: true,
    cell: ({ suspended_at: at }) => <Status status={at ? 'suspended' : 'active'} />,
  },
  {
    key: 'since',
    header: 'Since',
    width: '6rem',
    align: 'right',
    secondary: true,
    cell: ({ created_at }) => <Time at={created_at} />,
  },
]

function path(member: Member) {
  return { params: { path: { member: member.id } } }
}

interface MenuProps {
  member: Member
  onOpen: (open: Open) => void
  onLink: (made: Made) => void
}

function MemberMenu({ member, onOpen, onLink }: MenuProps) {
  const isOwner = useMay('owner')
  const you = useLogin().member.id
  const link = useAct(['members'], async (kind: Made['kind']) => {
    const made =
      kind === 'reset'
        ? await data(api.POST('/v1/members/{member}/reset', path(member)))
        : await data(api.POST('/v1/members/{member}/invitation', path(member)))
    onLink({ member, kind, ...made })
  })
  const suspend = useAct(['members'], (isOn: boolean) =>
    isOn
      ? data(api.POST('/v1/members/{member}/suspend', path(member)))
      : data(api.POST('/v1/members/{member}/resume', path(member))),
  )
  const isFixed = member.role === 'owner' && !isOwner
  const failed = { onError: toastError('Not done') }
  if (isFixed) return null
  return (
    <RowMenu label={`More about ${member.name}`}>
      <MenuItem icon={<UserPen />} onSelect={() => onOpen({ what: 'name', member })}>
        Change name
      </MenuItem>
      <MenuItem icon={<UserCog />} onSelect={() => onOpen({ what: 'role', member })}>
        Change role
      </MenuItem>
      <MenuItem icon={<Link2 />} onSelect={() => link.mutate('invitation', failed)}>
        New invitation link
      </MenuItem>
      <MenuItem icon={<Link2 />} onSelect={() => link.mutate('reset', failed)}>
        Link for a new password
      </MenuItem>
      <MenuSeparator />
      {member.suspended_at ? (
        <MenuItem icon={<UserRoundCheck />} onSelect={() => suspend.mutate(false, failed)}>
          Reinstate
        </MenuItem>
      ) : (
        <MenuItem
          icon={<UserRoundX />}
          disabled={member.id === you}
          onSelect={() => suspend.mutate(true, failed)}
        >
          Suspend
        </MenuItem>
      )}
      <MenuItem
        dangerous
        icon={<UserMinus />}
        disabled={member.id === you}
        onSelect={() => onOpen({ what: 'remove', member })}
      >
        Remove
      </MenuItem>
    </RowMenu>
  )
}

function RoleSelect({ value, onChange, ...control }: { value: Role; onChange: (role: Role) => void }) {
  const isOwner = useMay('owner')
  return (
    <Select
      {...control}
      value={value}
      onChange={(event) => {
        const chosen = ROLES.find(({ role }) => role === event.target.value)
        if (chosen) onChange(chosen.role)
      }}
    >
      {ROLES.filter(({ role }) => role !== 'owner' || isOwner).map(({ role, about }) => (
        <option key={role} value={role}>
          {role}: {about}
        </option>
      ))}
    </Select>
  )
}

function Invite({ onClose, onMade }: { onClose: () => void; onMade: (made: Made) => void }) {
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('member')
  const add = useAct(['members'], async () => {
    const member = await data(
      api.POST('/v1/members', { body: { name: name.trim(), email: email.trim(), role } }),
    )
    const made = await data(api.POST('/v1/members/{member}/invitation', path(member)))
    onMade({ member, kind: 'invitation', ...made })
  })
  return (
    <FormDialog
      title="Invite somebody"
      description="You get a link to send to them; Sortie sends no mail."
      submit="Make the link"
      fields={['name', 'email', 'role']}
      onClose={onClose}
      onDone={() => {}}
      onSubmit={() => add.mutateAsync(undefined)}
    >
      {(faultOf) => (
        <>
          <TextField
            label="Name"
            error={faultOf('name')}
            autoFocus
            required
            maxLength={256}
            value={name}
            onChange={setName}
          />
          <TextField
            label="E-mail"
            error={faultOf('email')}
            type="email"
            required
            value={email}
            onChange={setEmail}
          />
          <Field label="Role" error={faultOf('role')}>
            {(control) => <RoleSelect {...control} value={role} onChange={setRole} />}
          </Field>
        </>
      )}
    </FormDialog>
  )
}

function ChangeName({ member, onClose }: { member: Member; onClose: () => void }) {
  const [name, setName] = useState(member.name)
  const change = useAct(['members', 'login'], () =>
    data(api.POST('/v1/members/{member}', { ...path(member), body: { name: name.trim() } })),
  )
  return (
    <FormDialog
      title={`Name of ${member.name}`}
      submit="Save"
      fields={['name']}
      onClose={onClose}
      onSubmit={() => change.mutateAsync(undefined)}
    >
      {(faultOf) => (
        <TextField
          label="Name"
          error={faultOf('name')}
          autoFocus
          required
          maxLength={256}
          value={name}
          onChange={setName}
        />
      )}
    </FormDialog>
  )
}

function ChangeRole({ member, onClose }: { member: Member; onClose: () => void }) {
  const [role, setRole] = useState<Role>(member.role)
  const change = useAct(['members', 'login'], () =>
    data(api.POST('/v1/members/{member}', { ...path(member), body: { role } })),
  )
  return (
    <FormDialog
      title={`Role of ${member.name}`}
      description="It holds from their next request on, for their keys too."
      submit="Save"
      fields={['role']}
      onClose={onClose}
      onSubmit={() => change.mutateAsync(undefined)}
    >
      {(faultOf) => (
        <Field label="Role" error={faultOf('role')}>
          {(control) => <RoleSelect {...control} value={role} onChange={setRole} />}
        </Field>
      )}
    </FormDialog>
  )
}

function Remove({ member, onClose }: { member: Member; onClose: () => void }) {
  const remove = useAct(['members'], () => data(api.DELETE('/v1/members/{member}', path(member))))
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => open || onClose()}
      title={`Remove ${member.name}?`}
      description="For good: none of their keys and logins opens anything any more. What they made stays."
      confirm="Remove"
      dangerous
      onConfirm={async () => {
        await remove.mutateAsync(undefined)
        toast({ title: 'Removed', description: member.name, tone: 'good' })
      }}
    />
  )
}

function LinkDialog({ made, onClose }: { made: Made; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={
        made.kind === 'invitation'
          ? `Invitation for ${made.member.name}`
          : `New password for ${made.member.name}`
      }
      description={`Send them this link. Whoever has it comes in as ${made.member.email}, once.`}
      actions={
        <Button look="main" onClick={onClose}>
          Done
        </Button>
      }
    >
      <div className="flex flex-col gap-2">
        <CodeLine text={made.url} />
        <p className="text-muted text-sm">
          It ends <Time at={made.expires_at} />, and is not shown again; a new one can be made at any time.
        </p>
      </div>
    </Dialog>
  )
}
