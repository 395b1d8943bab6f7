import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function Organization() {
  return (
    <Page title="Organization">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
