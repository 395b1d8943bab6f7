import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function Welcome() {
  return (
    <Page title="Welcome">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
