import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function SessionPage() {
  return (
    <Page title="Session">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
