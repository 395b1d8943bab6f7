import { useState } from 'react'
import { copy } from '@/lib/clipboard'
import { absolute, duration, relative } from '@/lib/format'
import { useNow } from '@/lib/now'
import { toast, toastError } from './toast'
import { Tip } from './tooltip'

/** A moment: relative, absolute on hover, ISO on copy. Lists are full of them: the tip is made for who comes near. */
export function Time({ at, className }: { at: string; className?: string }) {
  const [isMet, setMet] = useState(false)
  const isFresh = Date.now() - Date.parse(at) < 60_000
  const now = useNow(isFresh ? 1000 : 15_000)
  const iso = () => {
    copy(at).then(() => toast({ title: 'Copied', description: at }), toastError('Not copied'))
  }
  const time = (
    <time
      dateTime={at}
      onPointerEnter={() => setMet(true)}
      onDoubleClick={iso}
      onCopy={(event) => {
        event.clipboardData.setData('text/plain', at)
        event.preventDefault()
      }}
      className={className}
    >
      <span className="num whitespace-nowrap">{relative(at, Math.max(now, Date.now() - 1000))}</span>
    </time>
  )
  return isMet ? <Tip text={absolute(at)}>{time}</Tip> : time
}

/** How long since then, counting. */
export function Elapsed({ since }: { since: string }) {
  const now = useNow()
  return <span className="num whitespace-nowrap">{duration(Math.max(0, now - Date.parse(since)))}</span>
}
