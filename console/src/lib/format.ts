import type { Schemas } from './api/client'

/**
 * A formatter that is made when it is first needed: the first of its kind takes a browser as long
 * as drawing a page of rows.
 */
function late<F>(make: () => F): () => F {
  let made: F | undefined
  return () => {
    made ??= make()
    return made
  }
}

const dayOfYear = late(() => new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }))
const dayAndYear = late(
  () => new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' }),
)
const moment = late(() => new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' }))
const timeOfDay = late(() => new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' }))

/** `950`, `12.3k`, `4.56M`: three digits are what a row has room for. */
export function tokens(count: number): string {
  if (count < 1000) return String(count)
  const [value, unit] = count < 999_500 ? [count / 1000, 'k'] : [count / 1_000_000, 'M']
  return `${value < 10 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0)}${unit}`
}

/** `12,345` of something, where there is room for it. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

type Money = Schemas['Money']

/** What is less is said to be less. */
const LEAST_SHOWN = 0.0001

/** `$0.0042`, `$0.02`, `$1.25`, `$1,204`: small sums keep what makes them differ. */
export function money(sum: Money | null | undefined): string {
  if (!sum) return '–'
  // `amount` is whole cents: too coarse for one model call.
  const value = Number(sum.amount_micros) / 1_000_000
  if (value > 0 && value < LEAST_SHOWN)
    return `<${money({ ...sum, amount_micros: String(LEAST_SHOWN * 1_000_000) })}`
  const [least, most] = value === 0 || value >= 1000 ? [0, 0] : [2, value >= 0.1 ? 2 : 4]
  if (sum.currency !== 'USD') return inCurrency(sum.currency, least, most).format(value)
  const [whole = '', fraction = ''] = value.toFixed(most).split('.')
  const kept = fraction.replace(/0+$/, '').padEnd(least, '0')
  return `$${count(Number(whole))}${kept && `.${kept}`}`
}

function inCurrency(currency: string, least: number, most: number): Intl.NumberFormat {
  return new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    minimumFractionDigits: least,
    maximumFractionDigits: most,
  })
}

/** `84 ms`, `3.2 s`, `4 min 05 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds)
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** `now`, `42 s ago`, `5 min ago`, `in 3 h`, `12 Mar`, `12 Mar 2024`. */
export function relative(iso: string, now: number): string {
  const at = Date.parse(iso)
  const away = Math.abs(now - at)
  const word = (text: string) => (at <= now ? `${text} ago` : `in ${text}`)
  if (away < 5_000) return 'now'
  if (away < 60_000) return word(`${Math.floor(away / 1000)} s`)
  if (away < 3_600_000) return word(`${Math.floor(away / 60_000)} min`)
  if (away < 86_400_000) return word(`${Math.floor(away / 3_600_000)} h`)
  if (away < 7 * 86_400_000) return word(`${Math.floor(away / 86_400_000)} d`)
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear()
  return (isThisYear ? dayOfYear() : dayAndYear()).format(at)
}

/** To the second, in the person's own time zone, with its name. */
export function absolute(iso: string): string {
  return moment().format(Date.parse(iso))
}

/** `14:03:22`. */
export function clock(iso: string): string {
  return timeOfDay().format(Date.parse(iso))
}

export function bytes(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3))
  const value = size / 1000 ** unit
  return `${unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`
}

/** `1 run`, `3 runs`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** The head and the tail of an id: enough to tell two apart. */
export function shortId(id: string): string {
  return id.length <= 16 ? id : `${id.slice(0, id.indexOf('_') + 5)}…${id.slice(-4)}`
}

/** `running` from `session.status_running`; words of the API stay as they are. */
export function words(name: string): string {
  return name.replaceAll('_', ' ')
}
