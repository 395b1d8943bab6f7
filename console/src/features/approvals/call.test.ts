import { describe, expect, it } from 'vitest'
import { callOf, type HttpTool } from './call'

const tool = (method: string, url: string) => ({ method, url }) as unknown as HttpTool

describe('the request of a tool call', () => {
  it('fills the address, and sends the rest along', () => {
    const call = callOf(tool('post', 'https://api.example.com/rooms/{room}/book'), {
      room: 'Blue/1',
      hours: 2,
    })
    expect(call).toEqual({
      method: 'POST',
      url: 'https://api.example.com/rooms/Blue%2F1/book',
      body: { hours: 2 },
    })
  })

  it('asks with a query where there is no body', () => {
    const call = callOf(tool('GET', 'https://a.example/s?v=1'), {
      q: 'a b',
      tag: ['x', 'y'],
      none: null,
      deep: { n: 1 },
    })
    expect(call?.url).toBe('https://a.example/s?v=1&q=a+b&tag=x&tag=y&deep=%7B%22n%22%3A1%7D')
    expect(call?.body).toBeUndefined()
  })

  it('fills a gap wherever it stands', () => {
    const call = callOf(tool('POST', 'https://a.example/{x}/{x}'), { x: 1, y: 2 })
    expect(call).toEqual({ method: 'POST', url: 'https://a.example/1/1', body: { y: 2 } })
  })

  it('leaves a gap that has no argument as it is', () => {
    expect(callOf(tool('POST', 'https://a.example/{id}'), { id: null })?.url).toBe('https://a.example/{id}')
    expect(callOf(tool('POST', 'https://a.example/{id}'), {})?.url).toBe('https://a.example/{id}')
  })

  it.each([[null], ['text'], [[1]], [undefined]])('claims nothing of %j', (input) => {
    expect(callOf(tool('POST', 'https://a.example/'), input)).toBeUndefined()
  })
})
