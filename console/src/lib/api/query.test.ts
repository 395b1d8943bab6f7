import { expect, it } from 'vitest'
import { createQueryClient, readAgain } from './query'

it('reads what was asked for before it was needed once more, when it is shown', async () => {
  const client = createQueryClient(() => {})
  const answers: ((text: string) => void)[] = []
  const query = { queryKey: ['list'], queryFn: () => new Promise<string>((answer) => answers.push(answer)) }
  const early = client.prefetchQuery(query)
  const again = readAgain(client, query)
  answers[0]?.('old')
  await Promise.all([early, again])
  expect(client.getQueryData(query.queryKey)).toBe('old')
  const shown = client.fetchQuery(query)
  expect(answers).toHaveLength(2)
  answers[1]?.('new')
  expect(await shown).toBe('new')
})
