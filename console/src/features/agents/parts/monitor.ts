import { isRecord, readJson } from '@/lib/json'

/** What a monitor of rollouts looks at and when, as far as the page knows it. Everything else is kept. */
export interface Monitor {
  schedule?: { gaps?: number[]; every?: number; cool_down?: number } & Record<string, unknown>
  signals: ({ name: string } & Record<string, unknown>)[]
  rollback?: {
    policy: 'off' | 'propose' | 'automatic'
    after?: number
    tool?: string
    approvers?: string[]
  } & Record<string, unknown>
}

export function monitorOf(value: unknown): Monitor & Record<string, unknown> {
  const monitor = isRecord(value) ? value : {}
  const signals = Array.isArray(monitor['signals']) ? monitor['signals'].filter(isRecord) : []
  return { ...monitor, signals: signals as Monitor['signals'] }
}

/** A signal of each kind, to begin with. */
export const SIGNALS: { label: string; signal: Monitor['signals'][number] }[] = [
  {
    label: 'Prometheus query',
    signal: {
      name: 'p95 latency',
      source: {
        kind: 'prometheus',
        url: 'https://prometheus.example.com',
        query: 'histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[5m])) by (le))',
      },
      measure: { thresholds: { medium: 1.25, high: 1.5, critical: 2 } },
    },
  },
  {
    label: 'Log query',
    signal: {
      name: 'errors in the log',
      measure: { counts_errors: true },
      source: { kind: 'logs', url: 'https://loki.example.com', query: '{app="shop"} |= "ERROR"' },
    },
  },
  {
    label: 'Health endpoint',
    signal: {
      name: 'health',
      source: {
        kind: 'http',
        url: 'https://shop.example.com/health',
        gives: 'failure',
        expects: { status: 200 },
      },
    },
  },
  {
    label: 'HTTP tool',
    signal: {
      name: 'mails that wait',
      source: { kind: 'tool', tool: 'queue_depth', input: { queue: 'mails' }, path: '$.depth' },
    },
  },
]

/** Reads a list of signals as it is typed. */
export function readSignals(text: string): { signals: Monitor['signals'] } | { fault: string } {
  const read = readJson(text)
  if ('fault' in read) return read
  const { value } = read
  if (!Array.isArray(value)) return { fault: 'Signals are a list: [ { … } ]' }
  for (const [index, signal] of value.entries()) {
    if (!isRecord(signal)) return { fault: `Signal ${index + 1} must be an object.` }
    if (typeof signal['name'] !== 'string' || signal['name'] === '') {
      return { fault: `Signal ${index + 1} needs a name.` }
    }
    if (!isRecord(signal['source'])) return { fault: `Signal “${signal['name']}” needs a source.` }
  }
  return { signals: value as Monitor['signals'] }
}
