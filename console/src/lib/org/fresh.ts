import { type QueryKey, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'
import { readAgain } from '../api/query'
import { type SessionChanged, useOrgChanges } from './stream'

/** A busy organization commits many times a second; a list is read again this often at most. */
const AT_MOST_EVERY = 800

/**
 * Reads queries again when sessions that matter to them have changed: at once, then no more
 * than every so often while changes go on.
 */
export function useFreshWith(queryKey: QueryKey, matters?: (changed: SessionChanged) => boolean) {
  const client = useQueryClient()
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const readAt = useRef(0)
  const kept = useRef({ queryKey, matters })
  kept.current = { queryKey, matters }
  useEffect(() => () => clearTimeout(timer.current), [])
  useOrgChanges(
    useCallback(
      (changes: SessionChanged[]) => {
        const { matters } = kept.current
        if (timer.current !== undefined || (matters && !changes.some(matters))) return
        const read = () => {
          timer.current = undefined
          readAt.current = Date.now()
          void readAgain(client, { queryKey: kept.current.queryKey })
        }
        timer.current = setTimeout(read, Math.max(0, readAt.current + AT_MOST_EVERY - Date.now()))
      },
      [client],
    ),
  )
}
