import type { Rollout } from './queries'

/** The words under which pipelines tell who began a rollout, likeliest first. */
const WHO = ['actor', 'author', 'user', 'triggered_by', 'deployer', 'sender']

export function environmentOf(rollout: Rollout): string | undefined {
  return textAt(rollout.metadata, 'environment')
}

/** Who began it, in the pipeline's words; else whose key reported it. */
export function whoOf(rollout: Pick<Rollout, 'metadata' | 'reported_by'>): string | undefined {
  for (const name of WHO) {
    const told = textAt(rollout.metadata, name)
    if (told !== undefined) return told
  }
  return rollout.reported_by[0]?.name ?? undefined
}

/** Everybody whose key reported it. */
export function reportersOf({ reported_by }: Rollout): string {
  return reported_by.map(({ member_id, name }) => name ?? member_id).join(', ')
}

function textAt(metadata: object, name: string): string | undefined {
  const value: unknown = (metadata as Record<string, unknown>)[name]
  if (typeof value === 'string' && value !== '') return value
  // GitHub's own events name people by an object.
  if (typeof value === 'object' && value !== null && 'login' in value && typeof value.login === 'string') {
    return value.login
  }
  return undefined
}

/** The seven letters by which people know a commit. */
export function shortCommit(commit: string): string {
  return /^[0-9a-f]{12,}$/i.test(commit) ? commit.slice(0, 7) : commit
}

/** An address that may be a link: what a pipeline reports may be anything. */
export function webAddress(text: string | null | undefined): string | undefined {
  if (!text) return undefined
  const url = URL.parse(text)
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : undefined
}

/** A value of the metadata on one line. */
export function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
