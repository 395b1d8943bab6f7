import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function Approvals() {
  return (
    <Page title="Approvals">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
