import { lazy, Suspense, useDeferredValue } from 'react'
import type { Source } from '@/lib/session/citations'

const Markdown = lazy(() =>
  import('@/components/ui/markdown').then((module) => ({ default: module.Markdown })),
)

/** Longer texts are shown as they are: a renderer would hold up the page. */
const MARKDOWN_MAX = 60_000

/** What somebody said, as Markdown. */
export function Text({ text, sources }: { text: string; sources?: readonly Source[] | undefined }) {
  const shown = useDeferredValue(text)
  const plain = <p className="prose whitespace-pre-wrap">{shown}</p>
  if (shown.length > MARKDOWN_MAX) return plain
  return (
    <Suspense fallback={plain}>
      <Markdown text={shown} sources={sources} />
    </Suspense>
  )
}
