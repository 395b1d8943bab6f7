import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function NewAgent() {
  return (
    <Page title="New agent">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
