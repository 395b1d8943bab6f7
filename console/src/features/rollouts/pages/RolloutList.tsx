import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function RolloutList() {
  return (
    <Page title="Rollouts">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
