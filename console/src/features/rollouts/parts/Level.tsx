import { Status } from '@/components/ui/status'
import type { Rollout } from '../queries'

/** How bad the last look was, and at the end what came of it all. */
export function Level({ rollout: { level, finding } }: { rollout: Rollout }) {
  const told = finding ?? level
  return told == null ? <span className="text-faint">–</span> : <Status status={told} />
}
