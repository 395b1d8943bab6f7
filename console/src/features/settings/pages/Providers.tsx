import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function Providers() {
  return (
    <Page title="Providers">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
