import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function Members() {
  return (
    <Page title="Members">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
