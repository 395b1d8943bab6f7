import { expect, it } from 'vitest'
import { placeOf, stepOf, timeAt, timeline } from './timeline'

const two = timeline([
  { from: 0, to: 1000 },
  { from: 100_000, to: 101_000 },
])

it('folds what lies idle', () => {
  expect(two.stretches).toHaveLength(2)
  expect(two.length).toBeCloseTo(2000 + two.fold)
  expect(placeOf(two, 500)).toBe(500)
  expect(placeOf(two, 50_000), 'in the gap').toBe(1000)
  expect(placeOf(two, 100_500)).toBeCloseTo(1500 + two.fold)
})

it('draws a stretch in which the session rested as long as it worked', () => {
  const { length, stretches } = timeline([
    { from: 0, to: 100_000, rested: 90_000 },
    { from: 100_500, to: 110_500, rested: 0 },
  ])
  expect(stretches.map(({ isFolded }) => isFolded)).toEqual([false, false])
  expect(length).toBeCloseTo(20_500)
})

it('leaves room for what happened, however often the session rested', () => {
  const turns = Array.from({ length: 500 }, (_, n) => ({ from: n * 100_000, to: n * 100_000 + 1000 }))
  expect(timeline(turns).length).toBeCloseTo(500_000 * 1.3)
})

it('leaves short gaps as they are', () => {
  const one = timeline([
    { from: 0, to: 1000 },
    { from: 3000, to: 4000 },
  ])
  expect(one.length).toBe(4000)
})

it('finds the moment of a place', () => {
  for (const time of [0, 999, 100_000, 100_700]) expect(timeAt(two, placeOf(two, time))).toBeCloseTo(time)
})

it('draws nothing without being asked to divide by nothing', () => {
  const none = timeline([])
  expect([none.length, placeOf(none, 5), timeAt(none, 5)]).toEqual([1, 0, 0])
})

it('chooses round steps', () => {
  expect(stepOf(60_000, 6)).toBe(10_000)
  expect(stepOf(100, 5)).toBe(50)
})
