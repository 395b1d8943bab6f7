/** What the API answers about people and what they look after, by short names. */

import type { paths } from './generated/native'

/** The JSON that a call answers with 200. */
type Answer<Operation> = Operation extends {
  responses: { 200: { content: { 'application/json': infer Body } } }
}
  ? Body
  : never
type Listed<Operation> = Answer<Operation> extends { data: (infer Row)[] } ? Row : never

export type Login = Answer<paths['/v1/login']['get']>
export type Role = Login['member']['role']
export type Setup = Answer<paths['/v1/setup']['get']>
export type Link = Answer<paths['/v1/links/{token}']['get']>
export type Key = Listed<paths['/v1/keys']['get']>
export type Member = Listed<paths['/v1/members']['get']>
export type Project = Listed<paths['/v1/projects']['get']>
export type Org = Answer<paths['/v1/org']['get']>

/** Something that waits for a person's word. */
export type ApprovalItem = Listed<paths['/v1/approvals']['get']>
export type AskingCall = Extract<ApprovalItem, { type: 'tool_call' }>
export type AskingRollout = Extract<ApprovalItem, { type: 'rollout' }>

export type UsageReport = Answer<paths['/v1/usage']['get']>
export type UsageBy = UsageReport['by']
export type UsageRow = UsageReport['data'][number]

export type KnowledgeDocument = Listed<paths['/v1/knowledge']['get']>
