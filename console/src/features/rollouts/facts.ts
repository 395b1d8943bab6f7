import type { Rollout } from './queries'

/** The words under which pipelines tell who began a rollout, likeliest first. */
const WHO = ['actor', 'author', 'user', 'triggered_by', 'deployer', 'sender']

export function environmentOf(rollout: Rollout): string | undefined {
  return textAt(rollout.metadata, 'environment')
}

export function whoOf(rollout: Rollout): string | undefined {
  for (const name of WHO) {
    const told = textAt(rollout.metadata, name)
    if (told !== undefined) return told
  }
  return undefined
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
