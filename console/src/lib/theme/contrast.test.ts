import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const css = readFileSync(`${import.meta.dirname}/../../theme.css`, 'utf8')
const TOKEN = /--([a-z-]+): light-dark\(oklch\(([^)]+)\), oklch\(([^)]+)\)\)/g

/** Relative luminance (WCAG 2) of an opaque OKLCH colour, out-of-gamut channels clipped as browsers do. */
function luminance(oklch: string): number {
  const [l = 0, c = 0, h = 0] = oklch.split(' ').map(Number)
  const a = c * Math.cos((h * Math.PI) / 180)
  const b = c * Math.sin((h * Math.PI) / 180)
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const medium = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3
  const clip = (x: number) => Math.min(1, Math.max(0, x))
  const red = clip(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short)
  const green = clip(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short)
  const blue = clip(-0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function ratio(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

const tokens = [...css.matchAll(TOKEN)].map(([, name = '', light = '', dark = '']) => ({ name, light, dark }))
const grounds = ['page', 'sunken', 'raised', 'hover', 'selected']
const inks = ['ink', 'muted', 'faint', 'accent', 'good', 'warn', 'bad', 'busy']
/** What is read on what, and the least contrast: 4.5 for text, 3 for the edge of a control. */
const pairs: [string, string, number][] = [
  ...grounds.flatMap((ground) => inks.map((ink): [string, string, number] => [ink, ground, 4.5])),
  ...['good', 'warn', 'bad', 'busy'].flatMap((status): [string, string, number][] => [
    [status, `${status}-soft`, 4.5],
    ['ink', `${status}-soft`, 4.5],
    ['muted', `${status}-soft`, 4.5],
  ]),
  ['on-accent', 'accent', 4.5],
  ['on-accent', 'accent-hover', 4.5],
  ['on-accent', 'bad', 4.5],
  ...['page', 'sunken', 'raised'].map((ground): [string, string, number] => ['control', ground, 3]),
]

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  it.each(pairs)('%s on %s has at least %d', (ink, ground, least) => {
    const value = (name: string) => tokens.find((token) => token.name === name)?.[theme] ?? ''
    expect(value(ink), `token ${ink}`).not.toBe('')
    expect(value(ground), `token ${ground}`).not.toBe('')
    expect(ratio(value(ink), value(ground))).toBeGreaterThanOrEqual(least)
  })
})

it('knows black on white', () => {
  expect(ratio('0 0 0', '1 0 0')).toBeCloseTo(21, 1)
})
