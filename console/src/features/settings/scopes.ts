/** A noun of the API, and what may be done to it. */
export interface ScopeGroup {
  noun: string
  /** What it is about, for whoever makes a key. */
  about: string
  scopes: { scope: string; verb: string }[]
}

const GROUPS: [noun: string, about: string, verbs: string[]][] = [
  ['agents', 'Agents, their versions and tools', ['read', 'write', 'run']],
  ['sessions', 'Conversations and their events', ['read', 'write']],
  ['rollouts', 'Reports of pipelines', ['read', 'write']],
  ['deployments', 'Schedules, webhooks, embeds, monitors', ['read', 'write']],
  ['knowledge', 'Documents of agents', ['read', 'write']],
  ['approvals', 'What waits for people', ['read', 'decide']],
  ['providers', 'Models and whom they come from', ['read', 'write']],
  ['keys', 'API keys', ['read', 'write']],
  ['usage', 'Tokens and cost', ['read']],
]

/** The scopes that somebody may give away, by noun. What this page does not know yet comes last. */
export function scopeGroups(held: readonly string[]): ScopeGroup[] {
  const left = new Set(held)
  const groups = GROUPS.flatMap(([noun, about, verbs]) => {
    const scopes = verbs.flatMap((verb) => {
      const scope = `${noun}:${verb}`
      return left.delete(scope) ? [{ scope, verb }] : []
    })
    return scopes.length > 0 ? [{ noun, about, scopes }] : []
  })
  if (left.delete('admin')) {
    groups.push({
      noun: 'admin',
      about: 'People, rules, webhooks, the audit log',
      scopes: [{ scope: 'admin', verb: 'all' }],
    })
  }
  for (const scope of left) groups.push({ noun: scope, about: '', scopes: [{ scope, verb: 'all' }] })
  return groups
}

/** What most keys are for. */
export const PRESETS = [
  {
    name: 'Run agents',
    about: 'from a program',
    scopes: ['agents:read', 'agents:run', 'sessions:read', 'sessions:write'],
  },
  { name: 'Report rollouts', about: 'from a pipeline', scopes: ['rollouts:read', 'rollouts:write'] },
] as const

/** A preset as far as the person may give it away. */
export function within(scopes: readonly string[], held: readonly string[]): string[] {
  return scopes.filter((scope) => held.includes(scope))
}

/** `all that Ada may`, `agents: read, run`: a key's scopes in a few words. */
export function scopesInWords(scopes: readonly string[]): string {
  if (scopes.length === 0) return 'nothing'
  if (scopes.includes('admin') && scopes.length >= 19) return 'everything'
  return scopeGroups(scopes)
    .map(({ noun, scopes }) =>
      scopes[0]?.verb === 'all' ? noun : `${noun}: ${scopes.map(({ verb }) => verb).join(', ')}`,
    )
    .join(' · ')
}
