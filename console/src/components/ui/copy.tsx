import { Check, Copy, Eye, EyeOff } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { cx } from '@/lib/classes'
import { copy } from '@/lib/clipboard'
import { shortId } from '@/lib/format'
import { IconButton } from './button'
import { toast } from './toast'
import { Tip } from './tooltip'

/** Copies, and says so for a moment. */
export function useCopy() {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1600)
    return () => clearTimeout(timer)
  }, [copied])
  const start = (text: string) => {
    copy(text).then(
      () => setCopied(true),
      (error: Error) => toast({ title: 'Not copied', description: error.message, tone: 'bad' }),
    )
  }
  return [copied, start] as const
}

export function CopyButton({
  text,
  label = 'Copy',
  size = 'sm',
}: {
  text: string
  label?: string
  size?: 'sm' | 'md'
}) {
  const [copied, start] = useCopy()
  return (
    <IconButton label={copied ? 'Copied' : label} size={size} onClick={() => start(text)}>
      {copied ? <Check className="text-good" /> : <Copy />}
    </IconButton>
  )
}

/** An id: a click copies it. */
export function CopyableId({
  id,
  whole = false,
  className,
}: {
  id: string
  whole?: boolean
  className?: string
}) {
  const [copied, start] = useCopy()
  return (
    <Tip text={copied ? 'Copied' : `Copy ${id}`}>
      <button
        type="button"
        onClick={(event) => {
          event.stopPropagation()
          start(id)
        }}
        className={cx(
          'rounded-sm px-1 font-mono text-faint text-xs hover:bg-hover hover:text-ink',
          className,
        )}
      >
        {whole ? id : shortId(id)}
      </button>
    </Tip>
  )
}

/** One line for the shell, with its copy button. */
export function CodeLine({ text }: { text: string }) {
  return (
    <div className="flex max-w-full items-center gap-1 rounded-md border bg-sunken py-0.5 pr-1 pl-3 text-left">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
      <code tabIndex={0} className="min-w-0 overflow-x-auto whitespace-pre font-mono text-xs">
        {text}
      </code>
      <CopyButton text={text} label="Copy the command" />
    </div>
  )
}

/** Some lines of code, with a name and a copy button. */
export function CodeBlock({
  text,
  title,
  className,
}: {
  text: string
  title?: ReactNode
  className?: string
}) {
  return (
    <figure className={cx('min-w-0 overflow-hidden rounded-md border bg-sunken', className)}>
      <figcaption className="flex h-8 items-center border-b pr-1 pl-3 text-muted text-sm">
        <span className="grow truncate">{title}</span>
        <CopyButton text={text} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
      <pre tabIndex={0} className="max-h-96 overflow-auto px-3 py-2 font-mono text-xs leading-5">
        {text}
      </pre>
    </figure>
  )
}

/** `Secret` as `secret`; `API key` stays. */
function withinSentence(label: string): string {
  return label.replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase())
}

/** A secret: hidden until the eye is pressed, and copied without being shown. */
export function SecretField({ value, label }: { value: string; label: string }) {
  const [shown, setShown] = useState(false)
  return (
    <div className="flex items-center gap-1 rounded-md border border-control bg-sunken py-1 pr-1 pl-3">
      <output aria-label={label} className="min-w-0 grow overflow-x-auto whitespace-pre font-mono text-sm">
        {shown ? value : '•'.repeat(Math.min(value.length, 40))}
      </output>
      <IconButton label={shown ? 'Hide' : 'Reveal'} size="sm" onClick={() => setShown(!shown)}>
        {shown ? <EyeOff /> : <Eye />}
      </IconButton>
      <CopyButton text={value} label={`Copy the ${withinSentence(label)}`} />
    </div>
  )
}
