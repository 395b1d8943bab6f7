import { Link } from '@tanstack/react-router'
import { Rocket } from 'lucide-react'
import { CodeBlock } from '@/components/ui/copy'
import { curlReport, WORKFLOW } from '../snippets'

/** Before the first report: how to make it. */
export function StartHere() {
  return (
    <div className="mx-auto flex w-full max-w-3xl flex-col gap-6 px-4 py-10 sm:px-6">
      <div className="flex flex-col gap-2">
        <Rocket aria-hidden className="size-6 text-faint" strokeWidth={1.5} />
        <h2 className="font-semibold text-lg">No rollout has been reported yet</h2>
        <p className="max-w-xl text-muted">
          A pipeline reports a rollout; Sortie watches its signals, says what it sees, and can take it back.
          All a pipeline needs is curl and a{' '}
          <Link to="/settings/api" className="text-accent underline underline-offset-2">
            key
          </Link>{' '}
          that may report rollouts.
        </p>
      </div>
      <CodeBlock title="Report one from your shell" text={curlReport(location.origin)} />
      <CodeBlock title="Report each from GitHub Actions" text={WORKFLOW} />
    </div>
  )
}
