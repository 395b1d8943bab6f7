import { describe, expect, it } from 'vitest'
import { PRESETS, scopeGroups, scopesInWords, within } from './scopes'

describe('scopes', () => {
  it('are grouped by noun, in one order, whatever order they come in', () => {
    const groups = scopeGroups(['sessions:write', 'agents:run', 'agents:read'])
    expect(groups.map((group) => [group.noun, group.scopes.map(({ verb }) => verb)])).toEqual([
      ['agents', ['read', 'run']],
      ['sessions', ['write']],
    ])
  })

  it('are all shown, also those that a newer server has', () => {
    const held = ['agents:read', 'admin', 'flights:land']
    const shown = scopeGroups(held).flatMap((group) => group.scopes.map(({ scope }) => scope))
    expect(shown.toSorted()).toEqual(held.toSorted())
  })

  it('are given away no further than they are held', () => {
    expect(within(PRESETS[0].scopes, ['agents:read'])).toEqual(['agents:read'])
  })

  it('are told in a few words', () => {
    expect(scopesInWords(['agents:run', 'agents:read', 'admin'])).toBe('agents: read, run · admin')
    expect(scopesInWords([])).toBe('nothing')
  })
})
