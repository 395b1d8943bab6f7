import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function Knowledge() {
  return (
    <Page title="Knowledge">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
