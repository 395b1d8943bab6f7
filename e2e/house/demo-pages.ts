/** Every page of the console over the demo, and how one knows that it is drawn. */

import { expect, type Page } from '@playwright/test'
import type { Api, Json } from './api.ts'

export interface DrawnPage {
  /** The name of its picture. */
  name: string
  /** Its address, which may hang on what the demo holds. */
  path: (api: Api) => Promise<string> | string
  /** Its main heading. */
  heading: string | RegExp
  /** What is on it once its data are there. */
  shows: string | RegExp
  /** What is done before one looks at it. */
  open?: (page: Page) => Promise<void>
}

export const PAGES: readonly DrawnPage[] = [
  { name: 'mission-control', path: () => '/', heading: 'Mission Control', shows: 'Tent torn after one night' },
  {
    name: 'mission-control-session',
    path: async (api) => `/?session=${await titled(api, 'Checkout after this morning')}`,
    heading: 'Mission Control',
    shows: /search_logs|list_merged/,
  },
  {
    name: 'session-running',
    path: async (api) => `/sessions/${await titled(api, 'Checkout after this morning')}`,
    heading: /Checkout after this morning/,
    shows: /search_logs|list_merged/,
  },
  {
    name: 'session-asks',
    path: async (api) => `/sessions/${await titled(api, 'Tent torn after one night')}`,
    heading: 'Tent torn after one night',
    shows: 'refund_order',
  },
  {
    name: 'session-out-of-budget',
    path: async (api) => `/sessions/${await titled(api, 'Errors of the quarter')}`,
    heading: 'Errors of the quarter',
    shows: 'search_logs',
  },
  {
    name: 'session-failed',
    path: async (api) => `/sessions/${await titled(api, 'Slow pages, with a screenshot')}`,
    heading: 'Slow pages, with a screenshot',
    shows: '20 MB',
  },
  {
    name: 'session-answered',
    path: async (api) => `/sessions/${await titled(api, 'Invoice without VAT')}`,
    heading: 'Invoice without VAT',
    shows: 'Ridgeline tent',
  },
  { name: 'agents', path: () => '/agents', heading: 'Agents', shows: 'reconciler' },
  {
    name: 'agent',
    path: async (api) => `/agents/${await agent(api, 'support')}`,
    heading: 'support',
    shows: 'refund_order',
  },
  {
    name: 'agent-edit',
    path: async (api) => `/agents/${await agent(api, 'support')}/edit`,
    heading: 'Edit support',
    shows: 'Instructions',
  },
  {
    name: 'agent-api',
    path: async (api) => `/agents/${await agent(api, 'support')}/edit?tab=deployments.api`,
    heading: 'Edit support',
    shows: 'Make an API key',
  },
  {
    name: 'agent-deployments',
    path: async (api) => `/agents/${await agent(api, 'support')}/edit?tab=deployments.embed`,
    heading: 'Edit support',
    shows: 'Chat of the shop',
  },
  {
    name: 'agent-versions',
    path: async (api) => `/agents/${await agent(api, 'support')}/edit?tab=versions`,
    heading: 'Edit support',
    shows: 'Version 4',
  },
  { name: 'agent-new', path: () => '/agents/new', heading: 'New agent', shows: 'Instructions' },
  { name: 'rollouts', path: () => '/rollouts', heading: 'Rollouts', shows: 'storefront 1882' },
  {
    name: 'rollout',
    path: async (api) => `/rollouts/${await rollout(api, 'storefront 1882')}`,
    heading: /storefront 1882/,
    shows: 'Checkout latency p99',
  },
  {
    name: 'rollout-asks',
    path: async (api) => `/rollouts/${await rollout(api, 'payments 416')}`,
    heading: /payments 416/,
    shows: 'Migrations of payments',
  },
  {
    name: 'approvals',
    path: () => '/approvals',
    heading: 'Approvals',
    shows: 'unsafe: may not be undone',
    open: (page) => page.getByRole('option', { name: /refund_order/ }).click(),
  },
  { name: 'knowledge', path: () => '/knowledge', heading: 'Knowledge', shows: 'How we write' },
  { name: 'usage', path: () => '/usage', heading: 'Usage', shows: 'Cost' },
  {
    name: 'settings-organization',
    path: () => '/settings/organization',
    heading: 'Organization',
    shows: 'Time zone',
  },
  { name: 'settings-members', path: () => '/settings/members', heading: 'Members', shows: 'Tom Whitfield' },
  { name: 'settings-projects', path: () => '/settings/projects', heading: 'Projects', shows: 'kestrel/payments' },
  { name: 'settings-keys', path: () => '/settings/api', heading: 'API Keys', shows: 'Pipeline' },
  {
    name: 'settings-rules',
    path: () => '/settings/approval-rules',
    heading: 'Approval rules',
    shows: 'Hotfixes need two',
  },
  { name: 'settings-providers', path: () => '/settings/providers', heading: 'Providers', shows: 'demo' },
  { name: 'settings-secrets', path: () => '/settings/secrets', heading: 'Secrets', shows: 'signing secret' },
  { name: 'settings-webhooks', path: () => '/settings/webhooks', heading: 'Webhooks', shows: 'books.kestrel.example' },
  {
    name: 'settings-webhook',
    path: async (api) => `/settings/webhooks/${await webhook(api)}`,
    heading: /chat\.kestrel\.example/,
    shows: 'session.requires_action',
  },
  { name: 'settings-audit', path: () => '/settings/audit', heading: 'Audit log', shows: 'Ravi Menon' },
  { name: 'settings-you', path: () => '/settings/you', heading: 'You', shows: 'demo@sortie.example' },
]

/** Goes there and waits until it is drawn: its heading, its data, nothing empty, nothing that failed. */
export async function visit(page: Page, url: string, api: Api, drawn: DrawnPage): Promise<void> {
  await page.goto(url + (await drawn.path(api)))
  await expect(page.getByRole('heading', { level: 1, name: drawn.heading }).first()).toBeVisible()
  await drawn.open?.(page)
  await expect(page.getByText(drawn.shows).first()).toBeVisible()
  await expect(page.locator('[aria-busy="true"], [aria-label="Loading"]')).toHaveCount(0)
  await expect(page.locator('[data-empty], [role="alert"]')).toHaveCount(0)
}

async function list(api: Api, path: string): Promise<Json[]> {
  return (await api.get(path))['data'] as Json[]
}

function idOf(rows: Json[], fits: (row: Json) => boolean, what: string): string {
  const found = rows.find(fits)
  if (!found) throw new Error(`the demo has no ${what}`)
  return String(found['id'])
}

async function titled(api: Api, title: string): Promise<string> {
  return idOf(await list(api, `/v1/sessions?title=${encodeURIComponent(title)}`), () => true, title)
}

async function agent(api: Api, name: string): Promise<string> {
  return idOf(await list(api, '/v1/agents?limit=100'), (row) => row['name'] === name, `agent ${name}`)
}

async function rollout(api: Api, begins: string): Promise<string> {
  const fits = (row: Json) => String(row['request']).startsWith(begins)
  return idOf(await list(api, '/v1/rollouts?limit=100'), fits, `rollout ${begins}`)
}

async function webhook(api: Api): Promise<string> {
  return idOf(await list(api, '/v1/webhooks'), (row) => String(row['url']).includes('chat.'), 'webhook')
}
