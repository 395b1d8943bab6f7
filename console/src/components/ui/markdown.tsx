import { memo } from 'react'
import ReactMarkdown from 'react-markdown'
import rehypeSanitize, { defaultSchema } from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'

/** Addresses that a text may link to. Pictures are not loaded: they would tell others who reads. */
const schema = {
  ...defaultSchema,
  tagNames: (defaultSchema.tagNames ?? []).filter((name) => name !== 'img' && name !== 'input'),
  protocols: { ...defaultSchema.protocols, href: ['http', 'https', 'mailto'] },
}

const remark = [remarkGfm]
const rehype: [[typeof rehypeSanitize, typeof schema]] = [[rehypeSanitize, schema]]

/** A text that a model, a tool or a stranger wrote. Raw HTML in it is shown as text is: not at all as markup. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="prose">
      <ReactMarkdown
        remarkPlugins={remark}
        rehypePlugins={rehype}
        skipHtml={false}
        components={{
          a: ({ href, children }) => (
            <a href={href} target="_blank" rel="noopener noreferrer nofollow">
              {children}
            </a>
          ),
          img: ({ alt }) => <span className="text-muted">[{alt || 'picture'}]</span>,
        }}
      >
        {text}
      </ReactMarkdown>
    </div>
  )
})
