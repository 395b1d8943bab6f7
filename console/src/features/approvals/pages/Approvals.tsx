import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Inbox } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Button, linkLook } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Keys } from '@/components/ui/keys'
import { shown, Unread } from '@/components/ui/loaded'
import { PageHeader } from '@/components/ui/page'
import { EmptyState, ErrorNote } from '@/components/ui/states'
import { Badge } from '@/components/ui/status'
import { AreaField } from '@/components/ui/textField'
import { toast } from '@/components/ui/toast'
import { asApiError } from '@/lib/api/error'
import { useMay } from '@/lib/api/login'
import type { ApprovalItem } from '@/lib/api/people'
import { cx } from '@/lib/classes'
import { commandLine } from '@/lib/curl'
import { type KeyAction, useKeys } from '@/lib/keys'
import { Detail } from '../parts/Detail'
import { Row } from '../parts/Row'
import { approvalsQuery, idOf, useDecide } from '../queries'

export function Approvals() {
  const list = useInfiniteQuery(approvalsQuery)
  const items = list.data?.pages.flatMap((page) => page.data) ?? []
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHeader
        title="Approvals"
        aside={
          items.length > 0 && (
            <Badge tone="warn">
              {items.length}
              {list.hasNextPage && '+'}
            </Badge>
          )
        }
        actions={items.length > 0 && <Hints />}
      />
      {shown(list) === undefined ? (
        <Unread query={list} what="The inbox could not be read" />
      ) : items.length === 0 ? (
        <EmptyState
          icon={Inbox}
          action={
            <Link to="/" className={linkLook('plain')}>
              See what runs
            </Link>
          }
          command={commandLine('GET', '/v1/approvals')}
        >
          Nothing waits for anybody. A tool call that asks, or a rollout that a rule holds, appears here by
          itself.
        </EmptyState>
      ) : (
        <Both items={items} onMore={list.hasNextPage ? () => void list.fetchNextPage() : undefined} />
      )}
    </div>
  )
}

function Hints() {
  return (
    <span className="hidden items-center gap-3 text-muted text-sm lg:flex">
      <span className="inline-flex items-center gap-1.5">
        <Keys of="j k" /> move
      </span>
      <span className="inline-flex items-center gap-1.5">
        <Keys of="a" /> approve
      </span>
      <span className="inline-flex items-center gap-1.5">
        <Keys of="d" /> deny
      </span>
    </span>
  )
}

/** The list and what is chosen of it: beside each other, or one after the other on a phone. */
function Both({ items, onMore }: { items: ApprovalItem[]; onMore: (() => void) | undefined }) {
  const { chosen, isOpen, choose, close, move } = useChoice(items)
  const [asked, setAsked] = useState<'yes' | 'no' | undefined>()
  const decide = useDecide()
  const mayDecide = useMay('member')
  const say = (isYes: boolean, reason: string) =>
    decide.mutateAsync({ item: chosen, isYes, reason }).then(() => {
      setAsked(undefined)
      close()
      toast({ title: isYes ? wordsOf(chosen).done : wordsOf(chosen).refused, tone: 'good' })
    })
  const approve = () => {
    if (needsSure(chosen)) setAsked('yes')
    else say(true, '').catch(() => setAsked('yes'))
  }
  const actions: KeyAction[] = [
    { keys: 'j', label: 'Next in the inbox', run: () => move(1) },
    { keys: 'k', label: 'Previous in the inbox', run: () => move(-1) },
    ...(mayDecide
      ? [
          { keys: 'a', label: 'Approve', run: approve },
          { keys: 'd', label: 'Deny, with a reason', run: () => setAsked('no') },
        ]
      : []),
  ]
  useKeys(actions)

  return (
    <div className="grid min-h-0 grow grid-cols-[minmax(0,1fr)] lg:grid-cols-[22rem_minmax(0,1fr)]">
      <div
        role="listbox"
        aria-label="Waiting"
        className={cx('min-h-0 overflow-y-auto border-r max-lg:border-r-0', isOpen && 'max-lg:hidden')}
      >
        {items.map((item) => (
          <Row key={idOf(item)} item={item} isCurrent={item === chosen} onChoose={() => choose(item)} />
        ))}
        {onMore && (
          <Button look="quiet" className="m-2" onClick={onMore}>
            Show more
          </Button>
        )}
      </div>
      <article className={cx('flex min-h-0 flex-col', !isOpen && 'max-lg:hidden')} aria-label="What waits">
        <div className="min-h-0 grow overflow-y-auto">
          <div className="flex max-w-3xl flex-col gap-5 px-4 py-5 sm:px-6">
            <button type="button" onClick={close} className="self-start text-accent lg:hidden">
              ‹ All that waits
            </button>
            <h2 className="wrap-anywhere font-semibold text-lg">
              {chosen.type === 'rollout' ? chosen.request : chosen.name}
            </h2>
            <Detail key={idOf(chosen)} item={chosen} />
          </div>
        </div>
        <footer className="flex items-center justify-end gap-2 border-t px-4 py-3 sm:px-6">
          {mayDecide ? (
            <>
              <Button look="danger" onClick={() => setAsked('no')}>
                {wordsOf(chosen).no} <Keys of="d" />
              </Button>
              <Button look="main" busy={decide.isPending && asked === undefined} onClick={approve}>
                {wordsOf(chosen).yes}
              </Button>
            </>
          ) : (
            <p className="text-muted text-sm">Viewers only look: a member, admin or owner decides.</p>
          )}
        </footer>
      </article>
      {asked && (
        <Sure key={asked} asked={asked} item={chosen} onClose={() => setAsked(undefined)} say={say} />
      )}
    </div>
  )
}

/** What is chosen stays chosen while others come and go; when it goes, the one in its place is next. */
function useChoice(items: ApprovalItem[]) {
  const [id, setId] = useState<string | undefined>()
  const [isOpen, setIsOpen] = useState(false)
  const place = useRef(0)
  const found = items.findIndex((item) => idOf(item) === id)
  const index = found >= 0 ? found : Math.min(place.current, items.length - 1)
  useEffect(() => {
    place.current = index
  }, [index])
  const chosen = items[index] ?? items[0]
  if (chosen === undefined) throw new Error('there is something to choose from')
  const choose = (item: ApprovalItem) => {
    setId(idOf(item))
    setIsOpen(true)
  }
  const move = (step: number) => {
    const next = items[Math.min(items.length - 1, Math.max(0, index + step))]
    if (next) setId(idOf(next))
  }
  return { chosen, isOpen, choose, move, close: () => setIsOpen(false) }
}

function needsSure(item: ApprovalItem): boolean {
  return item.type === 'tool_call' && (item.effect === 'unsafe' || item.why === 'resolution')
}

interface Words {
  yes: string
  no: string
  done: string
  refused: string
}

function wordsOf(item: ApprovalItem): Words {
  if (item.type === 'rollout') return { yes: 'Approve', no: 'Reject', done: 'Approved', refused: 'Rejected' }
  if (item.why === 'resolution') {
    return {
      yes: 'It did not happen',
      no: 'It happened',
      done: 'It is called again',
      refused: 'It is not called again',
    }
  }
  return { yes: 'Approve', no: 'Deny', done: 'Approved', refused: 'Denied' }
}

interface SureProps {
  asked: 'yes' | 'no'
  item: ApprovalItem
  onClose: () => void
  say: (isYes: boolean, reason: string) => Promise<void>
}

/** Before what may not be undone, and before every no: for its reason. */
function Sure({ asked, item, onClose, say }: SureProps) {
  const [reason, setReason] = useState('')
  const [error, setError] = useState<unknown>()
  const [isBusy, setIsBusy] = useState(false)
  const isYes = asked === 'yes'
  const { yes, no } = wordsOf(item)
  const name = item.type === 'rollout' ? item.request : item.name
  const takesReason = !isYes && !(item.type === 'tool_call' && item.why === 'resolution')
  const act = () => {
    setIsBusy(true)
    setError(undefined)
    say(isYes, reason)
      .catch(setError)
      .finally(() => setIsBusy(false))
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={`${isYes ? yes : no}: ${name}`}
      description={isYes ? sentenceOf(item) : undefined}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look={isYes ? 'main' : 'danger'} busy={isBusy} onClick={act}>
            {isYes ? yes : no}
          </Button>
        </>
      }
    >
      {takesReason && (
        <AreaField
          label="Reason"
          hint={
            item.type === 'rollout'
              ? 'Everybody who looks at the rollout can read it.'
              : 'The agent reads it, and may try something else.'
          }
          autoFocus
          maxLength={2000}
          value={reason}
          onChange={setReason}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) act()
          }}
        />
      )}
      {error !== undefined && <ErrorNote error={asApiError(error)} className="mt-3" />}
    </Dialog>
  )
}

function sentenceOf(item: ApprovalItem): string {
  if (item.type === 'rollout') return 'The pipeline goes on once all rules are met.'
  if (item.why === 'resolution')
    return 'The tool is called again. Say this only if you looked, and nothing happened.'
  return item.effect === 'unsafe'
    ? 'The tool is called at once, and what it does may not be undone.'
    : 'The tool is called at once.'
}
