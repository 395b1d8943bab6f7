import type { Schemas } from '@/lib/api/client'
import type { Deployment } from '../queries'

export type Kind = Schemas['TriggerParam']['type']

/** A webhook that begins runs, as the server shows it. Its name in the document is that of another thing. */
export interface HookTrigger {
  type: 'webhook'
  path: string
  template: string | null
  fields: Record<string, string>
  filter: { field: string; one_of: unknown[] }[]
  dedupe: string | null
  signature: { scheme: 'standard_webhooks' | 'github'; secret: string } | null
  requires_key: boolean
  returns_results: boolean
  known_fields: Record<string, unknown> | string[] | null
}

type Shown = Deployment['trigger']
type Of<T extends Kind> = Extract<Shown, { type: T }>

export const isEmbed = (trigger: Shown): trigger is Of<'embed'> => trigger.type === 'embed'
export const isMonitor = (trigger: Shown): trigger is Of<'rollout_monitor'> =>
  trigger.type === 'rollout_monitor'

export function hookOf(deployment: Deployment): HookTrigger | undefined {
  const trigger: unknown = deployment.trigger
  return deployment.trigger.type === 'webhook' ? (trigger as HookTrigger) : undefined
}

/** What a deployment tells the agent at first. */
export function firstMessage(deployment: Deployment): string {
  const event = deployment.initial_events.find((one) => one.type === 'user.message')
  return event?.content.map((part) => ('text' in part ? part.text : '')).join('\n') ?? ''
}

export function initialEvents(text: string): Schemas['EventParam'][] {
  return text.trim() === '' ? [] : [{ type: 'user.message', content: [{ type: 'text', text }] }]
}

/** What the server would say of an origin; nothing if it takes it. */
export function originFault(origin: string): string | undefined {
  if (/^https?:\/\/(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/i.test(origin)) return undefined
  return `${origin} is no origin: https://www.example.org, or https://*.example.org.`
}

/** What a site puts into its pages. */
export function embedSnippet(origin: string, deployment: string): string {
  return `<script async src="${origin}/embed/modal.js" data-deployment="${deployment}"></script>`
}

export function iframeSnippet(origin: string, deployment: string): string {
  return `<iframe src="${origin}/embed/chat/v2/${deployment}" title="Chat" width="400" height="600"></iframe>`
}
