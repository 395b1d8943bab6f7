import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function ApprovalRules() {
  return (
    <Page title="Approval rules">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
