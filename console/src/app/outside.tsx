import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { useCallback, useEffect } from 'react'
import { useTitle } from '@/components/ui/page'
import { EmptyState, ErrorState, Skeleton } from '@/components/ui/states'
import { asApiError } from '@/lib/api/error'

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

/** How long a page that could not be shown waits before it tries again by itself. */
const AGAIN_AFTER = 5_000

/** In the place of a page. While the server does not answer there is no stream to tell that it does again. */
export function PageFault({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const retry = useCallback(() => {
    reset()
    void router.invalidate()
  }, [reset, router])
  useEffect(() => {
    if (!asApiError(error).isPassing) return
    const timer = setTimeout(retry, AGAIN_AFTER)
    return () => clearTimeout(timer)
  }, [error, retry])
  return <ErrorState error={error} what="This page could not be shown" onRetry={retry} />
}
