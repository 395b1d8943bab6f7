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
  hint: string
  scopes: string[]
  project_id: string | null
  created_by: { id: string; name: string } | null
  created_at: string
  last_used_at: string | null
  expires_at: string | null
  revoked_at: string | null
}

export interface Member {
  id: string
  name: string
  email: string | null
  role: Role
  suspended_at: string | null
  created_at: string
}

export interface Project {
  id: string
  name: string
  created_at: string
}

export interface Org {
  id: string
  name: string
  time_zone: string
  rollouts?: Record<string, unknown>
}

export interface ApprovalItem {
  kind: 'tool_call' | 'rollout'
  session_id: string
  agent_id: string | null
  run_id: string | null
  tool_use_id: string | null
  rollout_id: string | null
  tool: string | null
  input: unknown
  effect: string | null
  since: string
  reason: string | null
}

export interface UsageRow {
  by: string
  name: string | null
  input_tokens: number
  output_tokens: number
  cache_read_input_tokens: number
  list_cost: { amount: string; currency: string } | null
  runs: number
  model_calls: number
}

export interface KnowledgeFile {
  id: string
  name: string
  bytes: number
  status: string
  created_at: string
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
      { name: string; scopes: string[]; project_id?: string; expires_at?: string; format?: 'sortie' | 'uuid' }
    >
  }
  '/v1/keys/{key}': { get: Get<Key, KeyPath>; delete: Bare<Key, KeyPath> }
  '/v1/members': {
    get: Get<Page<Member>>
    post: Post<Member, { name: string; email?: string; role: Role }>
  }
  '/v1/members/{member}': {
    get: Get<Member, MemberPath>
    post: Post<Member, { name?: string; email?: string; role?: Role }, MemberPath>
    delete: Bare<Member, MemberPath>
  }
  '/v1/members/{member}/suspend': { post: Bare<Member, MemberPath> }
  '/v1/members/{member}/resume': { post: Bare<Member, MemberPath> }
  '/v1/members/{member}/invitation': { post: Bare<{ url: string; expires_at: string }, MemberPath> }
  '/v1/members/{member}/reset': { post: Bare<{ url: string; expires_at: string }, MemberPath> }
  '/v1/projects': { get: Get<Page<Project>>; post: Post<Project, { name: string }> }
  '/v1/projects/{project}': {
    get: Get<Project, ProjectPath>
    post: Post<Project, { name?: string }, ProjectPath>
  }
  '/v1/org': { get: Get<Org>; post: Post<Org, { name?: string; time_zone?: string }> }
  '/v1/approvals': { get: Get<Page<ApprovalItem>> }
  '/v1/usage': { get: Get<Page<UsageRow>> }
  '/v1/knowledge': { get: Get<Page<KnowledgeFile>> }
}
