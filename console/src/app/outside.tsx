import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { useTitle } from '@/components/ui/page'
import { EmptyState, ErrorState, Skeleton } from '@/components/ui/states'

/** While a page's code or data is on its way. */
export function Pending() {
  return <Skeleton className="pt-12" />
}

export function NotFound() {
  useTitle('Not found')
  return (
    <EmptyState
      icon={Compass}
      action={
        <Link to="/" className="font-medium text-accent hover:underline">
          Go to Mission Control
        </Link>
      }
    >
      Nothing is at this address.
    </EmptyState>
  )
}

export function PageFault({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  return (
    <ErrorState
      error={error}
      what="This page could not be shown"
      onRetry={() => {
        reset()
        void router.invalidate()
      }}
    />
  )
}
