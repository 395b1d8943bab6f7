import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function You() {
  return (
    <Page title="You">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
