import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function MissionControl() {
  return (
    <Page title="Mission Control">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
