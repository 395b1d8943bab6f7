import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function ApiKeys() {
  return (
    <Page title="API Keys">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
