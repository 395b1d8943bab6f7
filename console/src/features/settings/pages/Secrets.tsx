import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function Secrets() {
  return (
    <Page title="Secrets">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
