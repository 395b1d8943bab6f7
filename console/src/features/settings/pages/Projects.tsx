import { useQuery } from '@tanstack/react-query'
import { FolderGit2, Plus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { CopyableId } from '@/components/ui/copy'
import { Listing } from '@/components/ui/loaded'
import { PageHeader } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { type Column, Table } from '@/components/ui/table'
import { TextField } from '@/components/ui/textField'
import { Time } from '@/components/ui/time'
import { api, data } from '@/lib/api/client'
import { useMay } from '@/lib/api/login'
import type { Project } from '@/lib/api/people'
import { FormDialog } from '../parts/FormDialog'
import { Lacks } from '../parts/Lacks'
import { projectsQuery, useAct } from '../queries'

export function Projects() {
  const list = useQuery(projectsQuery)
  const [open, setOpen] = useState<Project | 'new'>()
  const isAdmin = useMay('admin')
  const add = (
    <Button look="main" onClick={() => setOpen('new')}>
      <Plus aria-hidden className="size-4" />
      New project
    </Button>
  )
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader title="Projects" actions={isAdmin && add} />
      <Lacks needs="admin" what="make and change projects" />
      <Listing
        query={list}
        rows={list.data}
        what="The projects could not be read"
        empty={
          <EmptyState
            icon={FolderGit2}
            {...(isAdmin ? { action: add } : {})}
            command="sortie projects create shop"
          >
            A project owns agents, tools and rollouts.
          </EmptyState>
        }
      >
        {(rows) => (
          <Table
            label="Projects"
            className="grow"
            columns={COLUMNS}
            rows={rows}
            rowKey={(project) => project.id}
            {...(isAdmin ? { onOpen: setOpen } : {})}
          />
        )}
      </Listing>
      {open && <ProjectForm project={open === 'new' ? undefined : open} onClose={() => setOpen(undefined)} />}
    </div>
  )
}

const COLUMNS: Column<Project>[] = [
  { key: 'name', header: 'Name', cell: ({ name }) => <span className="font-medium">{name}</span> },
  {
    key: 'repository',
    header: 'Repository',
    cell: ({ repository }) => repository ?? <span className="text-faint">none</span>,
  },
  { key: 'id', header: 'Id', width: '10rem', secondary: true, cell: ({ id }) => <CopyableId id={id} /> },
  {
    key: 'since',
    header: 'Since',
    width: '6rem',
    align: 'right',
    secondary: true,
    cell: ({ created_at }) => <Time at={created_at} />,
  },
]

function ProjectForm({ project, onClose }: { project: Project | undefined; onClose: () => void }) {
  const [name, setName] = useState(project?.name ?? '')
  const [repository, setRepository] = useState(project?.repository ?? '')
  const save = useAct(['projects'], () => {
    const told = repository.trim()
    if (project === undefined) {
      const body = { name: name.trim(), ...(told ? { repository: told } : {}) }
      return data(api.POST('/v1/projects', { body }))
    }
    return data(
      api.POST('/v1/projects/{project}', {
        params: { path: { project: project.id } },
        body: { name: name.trim(), repository: told || null },
      }),
    )
  })
  return (
    <FormDialog
      title={project ? project.name : 'New project'}
      submit={project ? 'Save' : 'Create'}
      fields={['name', 'repository']}
      onClose={onClose}
      onSubmit={() => save.mutateAsync(undefined)}
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
            label="Repository"
            hint="owner/name. Rollouts that are reported of it are this project’s."
            error={faultOf('repository')}
            placeholder="acme/shop"
            value={repository}
            onChange={setRepository}
          />
        </>
      )}
    </FormDialog>
  )
}
