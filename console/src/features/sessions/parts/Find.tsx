import { ChevronDown, ChevronUp, Search, X } from 'lucide-react'
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { Button, IconButton } from '@/components/ui/button'
import { toastError } from '@/components/ui/toast'
import { isAbort } from '@/lib/api/client'
import { count } from '@/lib/format'
import { useKeys } from '@/lib/keys'
import { type Held, missing } from '@/lib/session/held'
import { MATCHES_MAX, matchesHeld, nextOf, type Progress, searchRest, together } from '../find'

interface FindProps {
  sessionId: string
  held: Held
  selected: string | undefined
  onSeek: (seq: number, key?: string) => Promise<void>
}

/** Finds words in the transcript. */
export function Find(props: FindProps) {
  const [open, setOpen] = useState(false)
  useKeys([{ keys: '/', label: 'Find in the transcript', run: () => setOpen(true) }])
  if (open) return <Field {...props} onClose={() => setOpen(false)} />
  return (
    <IconButton label="Find in the transcript" onClick={() => setOpen(true)}>
      <Search />
    </IconButton>
  )
}

function Field({ sessionId, held, selected, onSeek, onClose }: FindProps & { onClose: () => void }) {
  const [text, setText] = useState('')
  const wanted = useDeferredValue(text)
  const { rows } = held
  // biome-ignore lint/correctness/useExhaustiveDependencies: text in the making changes no row
  const near = useMemo(() => matchesHeld(held, wanted), [rows, wanted])
  const rest = useRest(sessionId, held, wanted.trim())
  const found = useMemo(() => together(near, rest.progress?.matches ?? []), [near, rest.progress])
  const at = found.findIndex(({ key }) => key === selected)
  const go = (step: 1 | -1) => {
    const place = nextOf([...found.keys()], at, step)
    const match = place === undefined ? undefined : found[place]
    if (match) void onSeek(match.seq, match.key)
  }
  return (
    <search className="relative flex items-center gap-0.5 rounded-md border border-control bg-raised pl-2">
      <input
        // biome-ignore lint/a11y/noAutofocus: the person has just asked for this field
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') go(event.shiftKey ? -1 : 1)
          if (event.key === 'Escape') onClose()
        }}
        aria-label="Find in the transcript"
        placeholder="Find"
        className="h-7 w-28 bg-transparent text-sm outline-none"
      />
      <span className="num min-w-10 text-right text-faint text-xs">
        {text && `${at >= 0 ? `${at + 1}/` : ''}${count(found.length)}`}
      </span>
      <IconButton label="Previous" size="sm" onClick={() => go(-1)}>
        <ChevronUp />
      </IconButton>
      <IconButton label="Next" size="sm" onClick={() => go(1)}>
        <ChevronDown />
      </IconButton>
      <IconButton label="Close the search" size="sm" onClick={onClose}>
        <X />
      </IconButton>
      {wanted.trim() !== '' && <Rest rest={rest} />}
    </search>
  )
}

/** The search through what is not held: begun by hand, ended by another word. */
function useRest(sessionId: string, held: Held, text: string) {
  const [state, setState] = useState<{ text: string; progress: Progress } | undefined>()
  const [isReading, setReading] = useState(false)
  const running = useRef<AbortController | undefined>(undefined)
  const stop = () => {
    running.current?.abort()
    setReading(false)
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: another word ends the search for this one
  useEffect(() => stop, [text])
  const search = () => {
    const controller = new AbortController()
    running.current = controller
    setReading(true)
    const progress = (progress: Progress) => setState({ text, progress })
    searchRest(sessionId, held, text, progress, controller.signal)
      .catch((thrown) => {
        if (!isAbort(thrown)) toastError('The rest of the session was not searched')(thrown)
      })
      .finally(() => {
        if (running.current === controller) setReading(false)
      })
  }
  return {
    progress: state?.text === text ? state.progress : undefined,
    missing: missing(held),
    isReading,
    search,
    stop,
  }
}

/** Says what has not been searched, and searches it. */
function Rest({ rest }: { rest: ReturnType<typeof useRest> }) {
  const { progress, isReading } = rest
  if (rest.missing === 0 || (progress?.isDone && !progress.isCut)) return null
  return (
    <div className="absolute top-full right-0 z-20 mt-1 flex w-72 items-center gap-2 rounded-md border bg-raised py-1.5 pr-1.5 pl-3 text-sm shadow-float">
      <span role="status" className="num grow text-muted">
        {progress?.isDone
          ? `More than ${count(MATCHES_MAX)} older lines: only the newest are listed.`
          : isReading
            ? `${count(progress?.read ?? 0)} of ${count(rest.missing)} older events searched`
            : `${count(rest.missing)} events are not searched: only what is shown is.`}
      </span>
      {isReading ? (
        <Button size="sm" look="quiet" onClick={rest.stop}>
          Stop
        </Button>
      ) : (
        !progress?.isDone && (
          <Button size="sm" onClick={rest.search}>
            Search all
          </Button>
        )
      )}
    </div>
  )
}
