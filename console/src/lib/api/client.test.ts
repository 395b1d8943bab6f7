import { expect, it } from 'vitest'
import { allPages } from './client'

it('reads page after page, to the last or until there are enough', async () => {
  const asked: (string | undefined)[] = []
  const read = async (page: string | undefined) => {
    asked.push(page)
    const n = Number(page ?? 0)
    return { data: [n, n], next_page: n < 3 ? String(n + 1) : null }
  }
  expect(await allPages(read)).toEqual([0, 0, 1, 1, 2, 2, 3, 3])
  expect(asked).toEqual([undefined, '1', '2', '3'])
  expect(await allPages(read, 3)).toHaveLength(4)
})
