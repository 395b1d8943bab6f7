import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function Usage() {
  return (
    <Page title="Usage">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
