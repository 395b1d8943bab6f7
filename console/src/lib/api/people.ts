/**
 * Paths that the server's document does not hold yet, in the shape that openapi-typescript
 * would give them. Each leaves this file when the document has it.
 */

interface Page<T> {
  data: T[]
  next_page?: string | null
}

type Query = Record<string, string | number | boolean | string[] | undefined>

interface Answer<T> {
  200: { headers: Record<string, unknown>; content: { 'application/json': T } }
}

interface Get<T, P = never> {
  parameters: { query?: Query; header?: never; path?: P; cookie?: never }
  requestBody?: never
  responses: Answer<T>
}

interface Post<T, B, P = never> {
  parameters: { query?: never; header?: never; path?: P; cookie?: never }
  requestBody: { content: { 'application/json': B } }
  responses: Answer<T>
}

interface Bare<T, P = never> {
  parameters: { query?: never; header?: never; path?: P; cookie?: never }
  requestBody?: never
  responses: Answer<T>
}

export type Role = 'owner' | 'admin' | 'member' | 'viewer'

export interface Login {
  member: { id: string; name: string; email: string | null; role: Role }
  org: { id: string; name: string; time_zone: string }
  orgs: { id: string; name: string; role: Role }[]
  scopes: string[]
  expires_at: string | null
}

export interface Link {
  kind: 'invitation' | 'reset' | 'owner'
  org: { name: string }
  email: string
  name: string
  has_account: boolean
}

export interface Key {
  id: string
  name: string
  /** How the secret begins. */
  hint: string
  maker: { id: string; name: string; email: string; role: Role; active: boolean }
  scopes: string[]
  project_id: string | null
  created_at: string
  last_used_at: string | null
  expires_at: string | null
  revoked_at: string | null
}

export interface Member {
  id: string
  name: string
  email: string
  role: Role
  suspended_at: string | null
  created_at: string
}

export interface Project {
  id: string
  name: string
  /** `owner/name`: whose rollouts are this project's. */
  repository: string | null
  created_at: string
}

export interface Org {
  id: string
  name: string
  time_zone: string
  rollouts: { make_projects: boolean }
  created_at: string
}

/** An answer to something that waits, as a request. */
export interface DecideRequest {
  method: 'POST'
  path: string
  body: unknown
}

interface Asking {
  since: string
  agent: { id: string; name: string | null }
  project_id: string
  session_id: string
  decide: { yes: DecideRequest; no: DecideRequest }
}

/** A tool call that waits for a person's word. */
export interface AskingCall extends Asking {
  type: 'tool_call'
  session_title: string | null
  run_id: string
  tool_use_id: string
  name: string
  /** Null if it is longer than what a list shows; `input_beginning` says how it begins then. */
  input: unknown
  input_beginning: string | null
  effect: 'read' | 'idempotent' | 'unsafe'
  permission_policy: { type: string }
  why: 'approval' | 'resolution'
}

/** A rollout that waits for approval. */
export interface AskingRollout extends Asking {
  type: 'rollout'
  rollout_id: string
  request: string
  commit: string | null
  ref: string | null
  rules: string[]
  still_needed: number
  expires_at: string
}

export type ApprovalItem = AskingCall | AskingRollout

export interface Used {
  runs: number
  model_calls: number
  tool_calls: number
  input_tokens: number
  output_tokens: number
  cache_read_input_tokens: number
  cache_creation_input_tokens: number
  list_cost: { amount: string; currency: string; amount_micros: string } | null
  active_seconds: number
}

export type UsageBy = 'agent' | 'key' | 'model' | 'day' | 'project'

export interface UsageRow extends Used {
  agent_id?: string
  key_id?: string | null
  model?: string | null
  day?: string
  project_id?: string
  name: string | null
}

export interface UsageReport {
  type: 'usage_report'
  by: UsageBy
  from: string
  to: string
  time_zone: string
  data: UsageRow[]
  truncated: boolean
  total: Used
}

export interface KnowledgeDocument {
  id: string
  type: 'document'
  /** The agent that reads it; null is every agent of the organization. */
  agent_id: string | null
  name: string
  format: string
  text_bytes: number
  created_at: string
  expires_at: string | null
}

interface KeyPath {
  key: string
}
interface MemberPath {
  member: string
}
interface ProjectPath {
  project: string
}
interface TokenPath {
  token: string
}

export interface paths {
  '/v1/login': { get: Get<Login>; post: Post<Login, { email: string; password: string; org?: string }> }
  '/v1/login/switch': { post: Post<Login, { org: string }> }
  '/v1/login/password': { post: Post<Login, { old: string; new: string }> }
  '/v1/logout': { post: Post<undefined, { everywhere?: boolean }> }
  '/v1/links/{token}': {
    get: Get<Link, TokenPath>
    post: Post<Login, { name?: string; password: string }, TokenPath>
  }
  '/v1/setup': { get: Get<{ owner_needed: boolean }> }
  '/v1/keys': {
    get: Get<Page<Key>>
    post: Post<
      Key & { key: string },
      {
        name: string
        scopes: string[]
        project_id?: string
        expires_at?: string
        format?: 'sortie' | 'uuid'
        member_id?: string
      }
    >
  }
  '/v1/keys/{key}': {
    get: Get<Key, KeyPath>
    delete: Bare<{ id: string; revoked_at: string | null }, KeyPath>
  }
  '/v1/members': {
    get: Get<Page<Member>>
    post: Post<Member, { name: string; email: string; role: Role }>
  }
  '/v1/members/{member}': {
    get: Get<Member, MemberPath>
    post: Post<Member, { name?: string; email?: string; role?: Role }, MemberPath>
    delete: Bare<{ id: string }, MemberPath>
  }
  '/v1/members/{member}/suspend': { post: Bare<Member, MemberPath> }
  '/v1/members/{member}/resume': { post: Bare<Member, MemberPath> }
  '/v1/members/{member}/invitation': { post: Bare<{ url: string; expires_at: string }, MemberPath> }
  '/v1/members/{member}/reset': { post: Bare<{ url: string; expires_at: string }, MemberPath> }
  '/v1/projects': { get: Get<Page<Project>>; post: Post<Project, { name: string; repository?: string }> }
  '/v1/projects/{project}': {
    get: Get<Project, ProjectPath>
    post: Post<Project, { name?: string; repository?: string | null }, ProjectPath>
  }
  '/v1/org': {
    get: Get<Org>
    post: Post<Org, { name?: string; time_zone?: string; rollouts?: { make_projects: boolean } }>
  }
  '/v1/approvals': { get: Get<Page<ApprovalItem>> }
  '/v1/usage': { get: Get<UsageReport> }
  '/v1/knowledge': {
    get: Get<Page<KnowledgeDocument>>
    post: Post<KnowledgeDocument, { agent_id?: string; name: string; content: string; temporary?: boolean }>
  }
  '/v1/knowledge/{document}': { delete: Bare<{ id: string }, { document: string }> }
}
