import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function AgentList() {
  return (
    <Page title="Agents">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
