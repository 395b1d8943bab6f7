import { render, screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { Markdown } from '@/components/ui/markdown'
import { citedIn } from './citations'

const given = ['one.txt', 'two.txt', 'three.txt'].map((name, n) => ({ document_id: `doc_${n}`, name }))
const shown = (text: string) => {
  const { container } = render(<Markdown text={text} sources={given} />)
  return [
    container.textContent?.trim(),
    ...[...container.querySelectorAll('sup')].map((marker) => marker.title),
  ]
}

it('counts sources in the order in which they come up', () => {
  expect(shown('See [[2]] and [[0]], then [[2]].')).toEqual([
    'See 1 and 2, then 1.',
    'three.txt',
    'one.txt',
    'three.txt',
  ])
  expect(citedIn('See [[2]] and [[0]].', given).sources.map(({ name }) => name)).toEqual([
    'three.txt',
    'one.txt',
  ])
})

it('takes out what was made up, and leaves code alone', () => {
  expect(shown('No [[7]] here.')).toEqual(['No  here.'])
  expect(shown('`a[[0]]` is code')).toEqual(['a[[0]] is code'])
  expect(shown('[[x]] [0] [[ 1 ]]')).toEqual(['[[x]] [0] [[ 1 ]]'])
})

it('marks what stands within other marks', () => {
  expect(shown('- **bold [[1]]**\n- | a |')).toEqual([expect.stringContaining('bold 1'), 'two.txt'])
  expect(screen.getByLabelText('Source 1: two.txt').tagName).toBe('SUP')
})

it('writes names as they are', () => {
  const hostile = [{ document_id: 'd', name: '"><img src=x onerror=alert(1)>' }]
  const { container } = render(<Markdown text="[[0]]" sources={hostile} />)
  expect(container.querySelectorAll('img')).toHaveLength(0)
  expect(container.querySelector('sup')?.title).toBe('"><img src=x onerror=alert(1)>')
})
