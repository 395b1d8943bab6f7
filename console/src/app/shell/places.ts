import { BookText, Bot, ChartNoAxesColumn, Inbox, LayoutList, Rocket, Settings } from 'lucide-react'

/** Where the sidebar, the palette and the keys lead. */
export const PLACES = [
  { label: 'Mission Control', to: '/', keys: 'g m', icon: LayoutList },
  { label: 'Agents', to: '/agents', keys: 'g a', icon: Bot },
  { label: 'Rollouts', to: '/rollouts', keys: 'g r', icon: Rocket },
  { label: 'Approvals', to: '/approvals', keys: 'g i', icon: Inbox },
  { label: 'Knowledge', to: '/knowledge', keys: 'g k', icon: BookText },
  { label: 'Usage', to: '/usage', keys: 'g u', icon: ChartNoAxesColumn },
  { label: 'Settings', to: '/settings', keys: 'g s', icon: Settings },
] as const

export const SETTINGS = [
  { label: 'Organization', to: '/settings/organization' },
  { label: 'Members', to: '/settings/members' },
  { label: 'Projects', to: '/settings/projects' },
  { label: 'API Keys', to: '/settings/api' },
  { label: 'Approval rules', to: '/settings/approval-rules' },
  { label: 'Providers', to: '/settings/providers' },
  { label: 'Secrets', to: '/settings/secrets' },
  { label: 'Webhooks', to: '/settings/webhooks' },
  { label: 'Audit log', to: '/settings/audit' },
  { label: 'You', to: '/settings/you' },
] as const
