import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function AgentPage() {
  return (
    <Page title="Agent">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
