import { expect, it } from 'vitest'
import { ApiError, asApiError, errorOf, inFull, placeFault, silent, unreachable } from './error'

const refused = (param: string | undefined) =>
  new ApiError({ status: 400, kind: 'invalid_request_error', message: 'is too long', field: param })

it('reads what the server says, with its request', async () => {
  const error = { type: 'invalid_request_error', message: 'is too long', details: { param: 'name' } }
  const answer = Response.json({ error, request_id: 'req_7' }, { status: 400 })
  const told = await errorOf(answer)
  expect(told).toMatchObject({ status: 400, field: 'name', requestId: 'req_7' })
  expect(inFull(told)).toBe('is too long Correct it and try again. Request req_7.')
})

it('says something of an answer that is none of ours', async () => {
  const answer = new Response('<h1>Bad gateway</h1>', { status: 502 })
  expect(inFull(await errorOf(answer))).toMatch(/^The server answered 502\. Try again\./)
})

it('takes a fault of the page for no fault of the server', () => {
  const broken = asApiError(new TypeError('x is undefined'))
  expect(broken.isPassing).toBe(false)
  expect(broken.advice).toContain('Reload the page')
  expect([unreachable(), silent(30)].map((error) => error.isPassing)).toEqual([true, true])
})

it.each([
  ['name', 'name', false],
  ['scopes[2]', 'scopes', false],
  ['window.from', 'window', false],
  ['something_else', 'name', true],
  [undefined, 'name', true],
])('shows an error at %s where a form has a place for it, else below', (param, field, isBelow) => {
  const fault = placeFault(refused(param), ['name', 'scopes', 'window'])
  expect(fault.at(field)).toBe(isBelow ? undefined : 'is too long')
  expect(fault.below !== undefined).toBe(isBelow)
})

it('shows nothing where nothing went wrong', () => {
  const fault = placeFault(null, ['name'])
  expect([fault.at('name'), fault.below]).toEqual([undefined, undefined])
})
