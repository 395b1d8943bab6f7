import { describe, expect, it } from 'vitest'
import { environmentOf, plain, reportersOf, shortCommit, webAddress, whoOf } from './facts'
import type { Rollout } from './queries'

const rollout = (metadata: object, ...names: (string | null)[]) =>
  ({ metadata, reported_by: names.map((name) => ({ member_id: 'user_1', name })) }) as unknown as Rollout

describe('what a rollout is known by', () => {
  it('is in the metadata where the pipeline told it', () => {
    expect(environmentOf(rollout({ environment: 'staging' }))).toBe('staging')
    expect(environmentOf(rollout({ environment: 4 }))).toBeUndefined()
    expect(whoOf(rollout({ sender: { login: 'octocat' }, actor: '' }))).toBe('octocat')
    expect(whoOf(rollout({}))).toBeUndefined()
    expect(whoOf(rollout({ actor: 'grace' }, 'CI'))).toBe('grace')
    expect(whoOf(rollout({}, 'CI'))).toBe('CI')
    expect(reportersOf(rollout({}, 'CI', null))).toBe('CI, user_1')
  })

  it('cuts commits, and leaves names of releases alone', () => {
    expect(shortCommit('3f2a9c1d77aa0b14')).toBe('3f2a9c1')
    expect(shortCommit('v2.14.0-rc.1')).toBe('v2.14.0-rc.1')
  })

  it.each(['javascript:alert(1)', 'data:text/html,x', 'not an address', '', null])(
    'makes no link of %s',
    (text) => {
      expect(webAddress(text)).toBeUndefined()
    },
  )

  it('makes a link of an address', () => {
    expect(webAddress('https://ci.example.com/7')).toBe('https://ci.example.com/7')
  })

  it('shows objects as JSON, and texts as they are', () => {
    expect([plain('a'), plain({ b: [1] }), plain(null)]).toEqual(['a', '{"b":[1]}', 'null'])
  })
})
