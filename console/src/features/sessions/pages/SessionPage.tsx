import { getRouteApi } from '@tanstack/react-router'
import { SessionFrame } from '../parts/SessionFrame'

const route = getRouteApi('/shell/sessions/$sessionId')

/** One session, on a page of its own. */
export function SessionPage() {
  const { sessionId } = route.useParams()
  const { event } = route.useSearch()
  return <SessionFrame key={sessionId} sessionId={sessionId} event={event} />
}
