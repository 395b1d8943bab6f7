import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function AuditLog() {
  return (
    <Page title="Audit log">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
