import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { type Problem, problemOf, requestOf } from '@/features/login/problems'
import { MissionControl } from '@/features/sessions/pages/MissionControl'
import { askForSessions } from '@/features/sessions/rows'
import { ApiError } from '@/lib/api/error'
import { loginQuery } from '@/lib/api/login'
import { soon } from '@/lib/leisure'
import { SettingsFrame } from './shell/SettingsFrame'
import { Shell } from './shell/Shell'

/** What Mission Control shows: a chosen session, and filters. */
interface HomeSearch {
  session?: string
  title?: string
  agent?: string
  origin?: string
}

/** Where somebody who logs in was going, and why they were not let in before. */
interface LoginSearch {
  next?: string
  problem?: Problem
  request?: string
}

/** A text of the address, if it is there. */
function optional<Name extends string>(
  search: Record<string, unknown>,
  name: Name,
): { [_ in Name]?: string } {
  const value = search[name]
  return typeof value === 'string' && value !== '' ? ({ [name]: value } as { [_ in Name]?: string }) : {}
}

/** What every route may use before it is drawn. */
interface Context {
  client: QueryClient
}

const root = createRootRouteWithContext<Context>()({ component: Outlet })

// --- Without a login.

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): LoginSearch => {
    const { next } = search
    const [problem, request] = [problemOf(search['problem']), requestOf(search['request'])]
    return {
      // Only a path of ours: `//elsewhere` is another server.
      ...(typeof next === 'string' && /^\/(?![/\\])/.test(next) && { next }),
      ...(problem && { problem }),
      ...(request && { request }),
    }
  },
  component: lazyRouteComponent(() => import('@/features/login/pages/LoginPage'), 'LoginPage'),
})

const invite = createRoute({
  getParentRoute: () => root,
  path: '/invite/$token',
  component: lazyRouteComponent(() => import('@/features/login/pages/InvitePage'), 'InvitePage'),
})

const verify = createRoute({
  getParentRoute: () => root,
  path: '/cli/verify',
  validateSearch: (search: Record<string, unknown>): { code?: string } =>
    typeof search['code'] === 'string' ? { code: search['code'] } : {},
  component: lazyRouteComponent(() => import('@/features/login/pages/VerifyPage'), 'VerifyPage'),
})

// --- With one.

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.ensureQueryData(loginQuery)
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        throw redirect({ to: '/login', search: location.href === '/' ? {} : { next: location.href } })
      }
      throw error
    }
  },
  component: Shell,
})

function filtersOf(search: Record<string, unknown>): Omit<HomeSearch, 'session'> {
  return { ...optional(search, 'title'), ...optional(search, 'agent'), ...optional(search, 'origin') }
}

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  validateSearch: (search: Record<string, unknown>): HomeSearch => ({
    ...optional(search, 'session'),
    ...filtersOf(search),
  }),
  loader: ({ context, location }) => soon(askForSessions(context.client, filtersOf(location.search))),
  // Where nearly every visit begins: with the frame, not fetched after it.
  component: MissionControl,
})

const session = createRoute({
  getParentRoute: () => shell,
  path: '/sessions/$sessionId',
  validateSearch: (search: Record<string, unknown>): { event?: string } => optional(search, 'event'),
  component: lazyRouteComponent(() => import('@/features/sessions/pages/SessionPage'), 'SessionPage'),
})

const welcome = createRoute({
  getParentRoute: () => shell,
  path: '/welcome',
  component: lazyRouteComponent(() => import('@/features/agents/pages/Welcome'), 'Welcome'),
})

const agents = createRoute({
  getParentRoute: () => shell,
  path: '/agents',
  component: lazyRouteComponent(() => import('@/features/agents/pages/AgentList'), 'AgentList'),
})

const newAgent = createRoute({
  getParentRoute: () => shell,
  path: '/agents/new',
  component: lazyRouteComponent(() => import('@/features/agents/pages/NewAgent'), 'NewAgent'),
})

/** A random UUID, which is a session's: an agent's id written as one is never random. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

const agent = createRoute({
  getParentRoute: () => shell,
  path: '/agents/$agentId',
  // The address of a session in the answers of the Cased-compatible API.
  beforeLoad: ({ params }) => {
    if (UUID.test(params.agentId)) {
      throw redirect({ to: '/sessions/$sessionId', params: { sessionId: params.agentId }, replace: true })
    }
  },
  component: lazyRouteComponent(() => import('@/features/agents/pages/AgentPage'), 'AgentPage'),
})

const editAgent = createRoute({
  getParentRoute: () => shell,
  path: '/agents/$agentId/edit',
  validateSearch: (search: Record<string, unknown>): { tab?: string } =>
    typeof search['tab'] === 'string' ? { tab: search['tab'] } : {},
  component: lazyRouteComponent(() => import('@/features/agents/pages/EditAgent'), 'EditAgent'),
})

const rollouts = createRoute({
  getParentRoute: () => shell,
  path: '/rollouts',
  component: lazyRouteComponent(() => import('@/features/rollouts/pages/RolloutList'), 'RolloutList'),
})

const rollout = createRoute({
  getParentRoute: () => shell,
  path: '/rollouts/$rolloutId',
  component: lazyRouteComponent(() => import('@/features/rollouts/pages/RolloutPage'), 'RolloutPage'),
})

const approvals = createRoute({
  getParentRoute: () => shell,
  path: '/approvals',
  component: lazyRouteComponent(() => import('@/features/approvals/pages/Approvals'), 'Approvals'),
})

const knowledge = createRoute({
  getParentRoute: () => shell,
  path: '/knowledge',
  component: lazyRouteComponent(() => import('@/features/knowledge/pages/Knowledge'), 'Knowledge'),
})

const usage = createRoute({
  getParentRoute: () => shell,
  path: '/usage',
  component: lazyRouteComponent(() => import('@/features/usage/pages/Usage'), 'Usage'),
})

// --- Settings: one frame, a page for each of its tabs.

const settings = createRoute({ getParentRoute: () => shell, path: '/settings', component: SettingsFrame })

const settingsHome = createRoute({
  getParentRoute: () => settings,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/settings/organization', replace: true })
  },
})

const organization = createRoute({
  getParentRoute: () => settings,
  path: '/organization',
  component: lazyRouteComponent(() => import('@/features/settings/pages/Organization'), 'Organization'),
})

const members = createRoute({
  getParentRoute: () => settings,
  path: '/members',
  component: lazyRouteComponent(() => import('@/features/settings/pages/Members'), 'Members'),
})

const projects = createRoute({
  getParentRoute: () => settings,
  path: '/projects',
  component: lazyRouteComponent(() => import('@/features/settings/pages/Projects'), 'Projects'),
})

const keys = createRoute({
  getParentRoute: () => settings,
  path: '/api',
  component: lazyRouteComponent(() => import('@/features/settings/pages/ApiKeys'), 'ApiKeys'),
})

const rules = createRoute({
  getParentRoute: () => settings,
  path: '/approval-rules',
  component: lazyRouteComponent(() => import('@/features/settings/pages/ApprovalRules'), 'ApprovalRules'),
})

const providers = createRoute({
  getParentRoute: () => settings,
  path: '/providers',
  component: lazyRouteComponent(() => import('@/features/settings/pages/Providers'), 'Providers'),
})

const secrets = createRoute({
  getParentRoute: () => settings,
  path: '/secrets',
  component: lazyRouteComponent(() => import('@/features/settings/pages/Secrets'), 'Secrets'),
})

const webhooks = createRoute({
  getParentRoute: () => settings,
  path: '/webhooks',
  component: lazyRouteComponent(() => import('@/features/settings/pages/Webhooks'), 'Webhooks'),
})

const webhook = createRoute({
  getParentRoute: () => settings,
  path: '/webhooks/$webhookId',
  component: lazyRouteComponent(() => import('@/features/settings/pages/WebhookPage'), 'WebhookPage'),
})

const audit = createRoute({
  getParentRoute: () => settings,
  path: '/audit',
  component: lazyRouteComponent(() => import('@/features/settings/pages/AuditLog'), 'AuditLog'),
})

const you = createRoute({
  getParentRoute: () => settings,
  path: '/you',
  component: lazyRouteComponent(() => import('@/features/settings/pages/You'), 'You'),
})

export const routes = root.addChildren([
  login,
  invite,
  verify,
  shell.addChildren([
    home,
    session,
    welcome,
    agents,
    newAgent,
    agent,
    editAgent,
    rollouts,
    rollout,
    approvals,
    knowledge,
    usage,
    settings.addChildren([
      settingsHome,
      organization,
      members,
      projects,
      keys,
      rules,
      providers,
      secrets,
      webhooks,
      webhook,
      audit,
      you,
    ]),
  ]),
])
