import { ChevronRight, Hand, Wrench } from 'lucide-react'
import { useId, useState } from 'react'
import { Badge, Status } from '@/components/ui/status'
import { cx } from '@/lib/classes'
import { duration } from '@/lib/format'
import { useNow } from '@/lib/now'
import { type Content, type ToolCall, textOf } from '@/lib/session/log'
import { Decide } from './Decide'
import { Capped, Json } from './Json'
import { Line } from './Line'

interface ToolRowProps {
  tool: ToolCall
  /** Whether it stands where the log ends; elsewhere, its end may be in what is not shown. */
  isEnd: boolean
  sessionId: string
  isSelected: boolean
  onSelect: () => void
}

/** A tool call: one line, then its arguments, then its result. What waits for a person is open. */
export function ToolRow({ tool, isEnd, sessionId, isSelected, onSelect }: ToolRowProps) {
  const [opened, setOpened] = useState<boolean | undefined>()
  const open = opened ?? (tool.need !== undefined || tool.isError)
  const body = useId()
  return (
    <Line
      at={tool.askedAt}
      isSelected={isSelected}
      onSelect={onSelect}
      icon={tool.need ? Hand : Wrench}
      tone={toneOf(tool)}
    >
      <button
        type="button"
        aria-expanded={open}
        aria-controls={body}
        onClick={() => setOpened(!open)}
        className="flex w-full min-w-0 items-center gap-2 text-left"
      >
        <ChevronRight
          aria-hidden
          className={cx('size-3.5 shrink-0 text-faint transition-transform', open && 'rotate-90')}
        />
        <span className="shrink-0 font-medium font-mono text-sm">{tool.name}</span>
        {!open && <span className="min-w-0 truncate font-mono text-faint text-xs">{brief(tool.input)}</span>}
        <span className="ml-auto flex shrink-0 items-center gap-3 text-sm">
          {tool.effect === 'unsafe' && <Badge tone="warn">unsafe</Badge>}
          <ToolState tool={tool} isEnd={isEnd} />
        </span>
      </button>
      {open && (
        <div id={body} className="mt-2 flex flex-col gap-2 pl-5.5">
          <Json value={tool.input} label="Arguments" />
          {tool.decision?.result === 'deny' && (
            <p className="text-muted">Denied{tool.decision.message ? `: ${tool.decision.message}` : '.'}</p>
          )}
          {tool.result && <Result content={tool.result} isError={tool.isError} />}
        </div>
      )}
      {tool.need && (
        <div className="mt-2 pl-5.5">
          <Decide tool={tool} sessionId={sessionId} />
        </div>
      )}
    </Line>
  )
}

function toneOf(tool: ToolCall): 'warn' | 'bad' | undefined {
  return tool.need ? 'warn' : tool.isError ? 'bad' : undefined
}

function ToolState({ tool, isEnd }: Pick<ToolRowProps, 'tool' | 'isEnd'>) {
  if (tool.need) return <Status status="waiting" word={WAITS[tool.need]} />
  if (tool.decision?.result === 'deny') return <Status status="rejected" word="denied" />
  const began = tool.decision?.at ?? tool.askedAt
  if (tool.endedAt === undefined) return isEnd && <Working since={began} />
  const took = duration(Date.parse(tool.endedAt) - Date.parse(began))
  return (
    <>
      {tool.isError && <Status status="failed" />}
      <span className="num text-faint">{took}</span>
    </>
  )
}

const WAITS = { approval: 'needs you', resolution: 'unclear', client_result: 'waits for its client' }

function Working({ since }: { since: string }) {
  const now = useNow()
  return (
    <span className="flex items-center gap-2">
      <Status status="running" />
      <span className="num text-faint">{duration(now - Date.parse(since))}</span>
    </span>
  )
}

function Result({ content, isError }: { content: readonly Content[]; isError: boolean }) {
  const text = textOf(content)
  const value = isError ? undefined : parsed(text)
  if (value !== undefined) return <Json value={value} label="Result" />
  return <Capped text={text || '(nothing)'} label="Result" tone={isError ? 'bad' : undefined} />
}

/** Larger results are shown as they came. */
const PARSED_MAX = 200_000

function parsed(text: string): unknown {
  const first = text.trimStart()[0]
  if ((first !== '{' && first !== '[') || text.length > PARSED_MAX) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function brief(input: unknown): string {
  return JSON.stringify(input)?.slice(0, 200) ?? ''
}
