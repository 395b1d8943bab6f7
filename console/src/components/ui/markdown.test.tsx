import { render, screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { Markdown } from './markdown'

it.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '![x](https://elsewhere.example/who-reads.png)',
  '[x](javascript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '<a href="javascript:alert(1)">x</a>',
  '<iframe src="https://elsewhere.example"></iframe>',
  '<svg onload=alert(1)>',
  '<div style="position:fixed;inset:0">over</div>',
  '[x](vbscript:x "onmouseover=alert(1)")',
  '| a |\n|---|\n| <b onclick=alert(1)>b</b> |',
  '<form action="https://elsewhere.example"><input name=password></form>',
])('nothing in %j is run, loaded or laid over the page', (text) => {
  const { container } = render(<Markdown text={text} />)
  expect(
    container.querySelectorAll('script, img, iframe, svg, form, input, object, embed, [style]'),
  ).toHaveLength(0)
  for (const element of container.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      expect(name).not.toMatch(/^on/)
      expect(value).not.toMatch(/^\s*(javascript|data|vbscript):/i)
    }
  }
})

it('draws what is Markdown, and opens links elsewhere without a word of where from', () => {
  render(<Markdown text={'**Three** rooms, [here](https://example.com)'} />)
  expect(screen.getByText('Three').tagName).toBe('STRONG')
  expect(screen.getByRole('link')).toHaveAttribute('rel', 'noopener noreferrer nofollow')
})

it('announces no heading before it has words', () => {
  const { rerender } = render(<Markdown text={'What I found\n\n### '} />)
  expect(screen.queryByRole('heading')).toBeNull()
  rerender(<Markdown text={'What I found\n\n### Three'} />)
  expect(screen.getByRole('heading', { level: 3 })).toHaveTextContent('Three')
})
