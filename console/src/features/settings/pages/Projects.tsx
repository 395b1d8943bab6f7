import { Page } from '@/components/ui/page'
import { EmptyState } from '@/components/ui/states'

export function Projects() {
  return (
    <Page title="Projects">
      <EmptyState>This page is not written yet.</EmptyState>
    </Page>
  )
}
