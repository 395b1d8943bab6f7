import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function EditAgent() {
  return (
    <Page title="Edit agent">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
