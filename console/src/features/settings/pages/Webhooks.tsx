import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function Webhooks() {
  return (
    <Page title="Webhooks">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
