import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { LockKeyhole } from 'lucide-react'
import { linkLook } from '@/components/ui/button'
import { Listing } from '@/components/ui/loaded'
import { PageHeader } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'
import { type Column, Table } from '@/components/ui/table'
import { Time } from '@/components/ui/time'
import { useMay } from '@/lib/api/login'
import { Lacks } from '../parts/Lacks'
import { ADD_PROVIDER } from '../parts/ProviderForm'
import { providersQuery, toolsQuery, webhooksQuery } from '../queries'

/** Something that is kept sealed: where it is used, never what it is. */
interface Kept {
  id: string
  what: string
  of: string
  to: '/settings/providers' | '/settings/webhooks' | '/agents'
  at: string | null
}

export function Secrets() {
  const isAdmin = useMay('admin')
  const providers = useQuery(providersQuery)
  const tools = useQuery(toolsQuery)
  const webhooks = useQuery({ ...webhooksQuery, enabled: isAdmin })
  const isRead =
    providers.data !== undefined && tools.data !== undefined && (webhooks.data !== undefined || !isAdmin)
  const kept: Kept[] = [
    ...(providers.data?.data ?? []).flatMap(({ id, name, api_key, updated_at }): Kept[] =>
      id && api_key
        ? [{ id, what: 'API key', of: `provider ${name}`, to: '/settings/providers', at: updated_at ?? null }]
        : [],
    ),
    ...(tools.data ?? []).flatMap(({ id, name, headers, created_at }): Kept[] =>
      Object.keys(headers).map((header) => ({
        id: `${id} ${header}`,
        what: `header ${header}`,
        of: `tool ${name}`,
        to: '/agents',
        at: created_at,
      })),
    ),
    ...(webhooks.data?.data ?? []).map(({ id, url, updated_at }): Kept => {
      return { id, what: 'signing secret', of: url, to: '/settings/webhooks', at: updated_at }
    }),
  ]
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader title="Secrets" />
      <Lacks needs="admin" what="change secrets" />
      <Listing
        query={[providers, tools, webhooks].find((query) => query.error) ?? providers}
        rows={isRead ? kept : undefined}
        what="What is kept could not be read"
        empty={
          <EmptyState
            icon={LockKeyhole}
            action={
              <Link to="/settings/providers" className={linkLook('plain')}>
                Add a provider
              </Link>
            }
            command={ADD_PROVIDER}
          >
            No secret is kept: no provider’s key, no header of a tool, no webhook’s secret.
          </EmptyState>
        }
      >
        {(rows) => (
          <>
            <p className="border-b px-4 py-2 text-muted text-sm sm:px-6">
              Kept sealed, and never shown. Each is changed where it is used.
            </p>
            <Table
              label="Secrets"
              className="grow"
              columns={COLUMNS}
              rows={rows}
              rowKey={(kept) => kept.id}
            />
          </>
        )}
      </Listing>
    </div>
  )
}

const COLUMNS: Column<Kept>[] = [
  {
    key: 'what',
    header: 'Secret',
    narrow: '7rem',
    cell: ({ what }) => <span className="font-medium">{what}</span>,
  },
  {
    key: 'of',
    header: 'Of',
    width: 'minmax(0,2fr)',
    cell: ({ of, to }) => (
      <Link to={to} className="text-accent underline-offset-2 hover:underline">
        {of}
      </Link>
    ),
  },
  {
    key: 'value',
    header: 'Value',
    width: '6rem',
    secondary: true,
    cell: () => <span className="text-faint">••••••••</span>,
  },
  {
    key: 'at',
    header: 'Since',
    width: '6rem',
    align: 'right',
    secondary: true,
    cell: ({ at }) => at && <Time at={at} />,
  },
]
