import { Check, Hand } from 'lucide-react'
import { Status } from '@/components/ui/status'
import { Time } from '@/components/ui/time'
import { toast } from '@/components/ui/toast'
import type { Schemas } from '@/lib/api/client'
import { useMay } from '@/lib/api/login'
import { plural, words } from '@/lib/format'
import { shortCommit } from '../facts'
import { type Approval, type Rollout, useDecideRollout } from '../queries'
import { Decide } from './Decide'

/** Which rules ask, what each still needs, who has said what; and, where it waits, the two answers. */
export function ApprovalPanel({ rollout, approval }: { rollout: Rollout; approval: Approval }) {
  const isWaiting = approval.state === 'pending_approval'
  return (
    <section className="border-b px-4 py-4 sm:px-6">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        {isWaiting && (
          <span
            aria-hidden
            className="hatched flex size-7 items-center justify-center rounded-md bg-warn-soft text-warn"
          >
            <Hand className="size-4" />
          </span>
        )}
        <h2 className="font-semibold">{isWaiting ? 'This rollout waits for approval' : 'Approval'}</h2>
        {!isWaiting && <Status status={approval.state} />}
        <span className="text-muted text-sm">
          asked <Time at={approval.requested_at} />
          {isWaiting && (
            <>
              , rejected by itself <Time at={approval.expires_at} />
            </>
          )}
          {approval.reason && `, because: ${words(approval.reason)}`}
          {approval.commit && <> · commit {shortCommit(approval.commit)}</>}
        </span>
      </div>
      <ul className="mt-3 flex flex-col gap-2">
        {approval.rules.map((rule) => (
          <Rule key={rule.rule_id} rule={rule} />
        ))}
      </ul>
      <Votes votes={approval.votes} />
      {isWaiting && <Answers rollout={rollout} />}
    </section>
  )
}

function Rule({ rule }: { rule: Schemas['AskView'] }) {
  const given = rule.min_count - rule.still_needed
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-0.5 text-sm">
      <span className="font-medium">{rule.name}</span>
      <span className="num inline-flex items-center gap-1 text-muted">
        {Array.from({ length: Math.min(rule.min_count, 10) }, (_, place) => place).map((place) => (
          <span
            key={place}
            aria-hidden
            className={
              place < given
                ? 'flex size-4 items-center justify-center rounded-full bg-good text-page'
                : 'hatched size-4 rounded-full border border-control border-dashed'
            }
          >
            {place < given && <Check className="size-2.5" strokeWidth={3} />}
          </span>
        ))}
        {given} of {plural(rule.min_count, 'approval')}
      </span>
      <span className="text-faint">
        {approversInWords(rule)}
        {!rule.allow_own && ', not by whoever reported it'}
      </span>
    </li>
  )
}

function approversInWords({ approvers }: Schemas['AskView']): string {
  const roles = approvers.roles ?? []
  const members = approvers.members ?? []
  const parts = [
    ...roles.map((role) => `every ${role}`),
    ...(members.length > 0 ? [plural(members.length, 'named person', 'named people')] : []),
  ]
  return parts.length === 0 ? 'by owners and admins' : `by ${parts.join(' and ')}`
}

function Votes({ votes }: { votes: readonly Schemas['VoteView'][] }) {
  if (votes.length === 0) return null
  return (
    <ul className="mt-3 flex flex-col gap-1 text-sm">
      {votes.map((vote) => (
        <li key={vote.member_id} className="flex items-center gap-2">
          <Check aria-hidden className="size-3.5 text-good" />
          <span>
            {vote.name} approved <Time at={vote.at} />
            {vote.reason && <span className="text-muted">: {vote.reason}</span>}
          </span>
        </li>
      ))}
    </ul>
  )
}

function Answers({ rollout }: { rollout: Rollout }) {
  const decision = useDecideRollout(rollout)
  if (!useMay('member')) {
    return <p className="mt-3 text-muted text-sm">Viewers only look: an approver decides about it.</p>
  }
  return (
    <div className="mt-4 flex flex-col gap-3">
      <Decide
        yes="Approve"
        no="Reject"
        reason="The pipeline and everybody who looks at the rollout can read it."
        decide={async ({ isYes, reason }) => {
          await decision.mutateAsync({ verdict: isYes ? 'approve' : 'reject', reason })
          toast({ title: isYes ? 'Approved' : 'Rejected', tone: 'good' })
        }}
      />
    </div>
  )
}
