import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function RolloutPage() {
  return (
    <Page title="Rollout">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
