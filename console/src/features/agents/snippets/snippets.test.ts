import { describe, expect, it } from 'vitest'
import { fill, LANGUAGES, NO_KEY, snippet, WAYS } from './snippets'

const everyOne = WAYS.flatMap((way) => LANGUAGES.map((language) => [way.value, language.value] as const))

describe('a sample', () => {
  it.each(everyOne)('%s in %s has address, agent and key in it', (way, language) => {
    const values = { origin: 'https://sortie.test', key: 'srt_x', agent: 'agent_y' }
    const text = snippet(way, language, values)
    for (const value of Object.values(values)) expect(text).toContain(value)
    expect(text).not.toContain('{{')
    expect(snippet(way, language, { ...values, key: undefined })).toContain(NO_KEY)
  })

  it('takes nothing that ends a text', () => {
    expect(fill('"{{key}}"', { key: 'a"; rm -rf $HOME `x`' })).toBe('"a;rm-rfHOMEx"')
  })
})
