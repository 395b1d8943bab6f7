import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function WebhookPage() {
  return (
    <Page title="Webhook">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
