import { type ComponentProps, memo, useMemo } from 'react'
import ReactMarkdown, { type ExtraProps } from 'react-markdown'
import rehypeSanitize, { defaultSchema } from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'
import { citedIn, markCitations, type Source } from '@/lib/session/citations'

/** Addresses that a text may link to. Pictures are not loaded: they would tell others who reads. */
const schema = {
  ...defaultSchema,
  tagNames: (defaultSchema.tagNames ?? []).filter((name) => name !== 'img' && name !== 'input'),
  protocols: { ...defaultSchema.protocols, href: ['http', 'https', 'mailto'] },
}

const remark = [remarkGfm]
const sanitize: [typeof rehypeSanitize, typeof schema] = [rehypeSanitize, schema]
const NO_SOURCES: readonly Source[] = []

/** Of a text in the making a heading's words may still be to come: until then there is no heading to be announced. */
const heading = (Level: 'h1' | 'h2' | 'h3' | 'h4' | 'h5' | 'h6') =>
  function Heading({ node: _node, children, ...rest }: ComponentProps<'h1'> & ExtraProps) {
    return children ? <Level {...rest}>{children}</Level> : null
  }
const headings = {
  h1: heading('h1'),
  h2: heading('h2'),
  h3: heading('h3'),
  h4: heading('h4'),
  h5: heading('h5'),
  h6: heading('h6'),
}

interface MarkdownProps {
  text: string
  /** What it had been given to cite. */
  sources?: readonly Source[] | undefined
}

/** A text that a model, a tool or a stranger wrote. Raw HTML in it is shown as text is: not at all as markup. */
export const Markdown = memo(function Markdown({ text, sources = NO_SOURCES }: MarkdownProps) {
  // Behind the sanitizer: what we put in ourselves is not the text's to write.
  const rehype = useMemo(
    () => (sources.length > 0 ? [sanitize, () => markCitations(citedIn(text, sources))] : [sanitize]),
    [text, sources],
  )
  return (
    <div className="prose">
      <ReactMarkdown
        remarkPlugins={remark}
        rehypePlugins={rehype}
        skipHtml={false}
        components={{
          ...headings,
          a: ({ href, children }) => (
            <a href={href} target="_blank" rel="noopener noreferrer nofollow">
              {children}
            </a>
          ),
          // What scrolls by itself must be reached with the keyboard.
          // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
          pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
          // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
          table: ({ children }) => <table tabIndex={0}>{children}</table>,
          img: ({ alt }) => <span className="text-muted">[{alt || 'picture'}]</span>,
        }}
      >
        {text}
      </ReactMarkdown>
    </div>
  )
})
