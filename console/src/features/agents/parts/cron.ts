/** Cron expressions in words, for those that have some; the next times are the server's. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const SHORT_DAYS = DAYS.map((day) => day.slice(0, 3).toUpperCase())
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const SHORT_MONTHS = MONTHS.map((month) => month.slice(0, 3).toUpperCase())

/** `every weekday at 09:00`; nothing for an expression that is no cron, or has no plain words. */
export function cronWords(expression: string): string | undefined {
  const fields = expression.trim().split(/\s+/)
  const [minute, hour, day, month, weekday] = fields
  if (fields.length !== 5 || !minute || !hour || !day || !month || !weekday) return undefined
  const time = timeWords(minute, hour)
  const date = dateWords(day, month, weekday)
  if (time === undefined || date === undefined) return undefined
  if (time.startsWith('every')) return date === 'every day' ? time : `${time}, ${date}`
  return `${date} ${time}`
}

function timeWords(minute: string, hour: string): string | undefined {
  const step = /^\*\/(\d+)$/.exec(minute)?.[1]
  if (hour === '*') {
    if (minute === '*') return 'every minute'
    if (step !== undefined) return `every ${step} minutes`
    return isNumber(minute, 59) ? `every hour at :${minute.padStart(2, '0')}` : undefined
  }
  const hourStep = /^\*\/(\d+)$/.exec(hour)?.[1]
  if (!isNumber(minute, 59)) return undefined
  if (hourStep !== undefined) return `every ${hourStep} hours at :${minute.padStart(2, '0')}`
  const hours = hour.split(',')
  if (!hours.every((one) => isNumber(one, 23))) return undefined
  return `at ${listed(hours.map((one) => `${one.padStart(2, '0')}:${minute.padStart(2, '0')}`))}`
}

function dateWords(day: string, month: string, weekday: string): string | undefined {
  const months = month === '*' ? '' : names(month, SHORT_MONTHS, MONTHS, 1)
  if (months === undefined) return undefined
  const within = months === '' ? '' : ` in ${months}`
  if (day === '*' && weekday === '*') return `every day${within}`
  if (day === '*') {
    const days = weekdays(weekday)
    return days === undefined ? undefined : `${days}${within}`
  }
  // Day of the month and weekday together mean either: no plain words say it shortly.
  if (weekday !== '*') return undefined
  const days = day.split(',')
  if (!days.every((one) => isNumber(one, 31))) return undefined
  return `on day ${listed(days)} of ${months === '' ? 'every month' : months}`
}

function weekdays(field: string): string | undefined {
  const upper = field.toUpperCase()
  if (upper === 'MON-FRI' || upper === '1-5') return 'every weekday'
  if (['SAT,SUN', '6,0', '0,6', '6,7', 'SUN,SAT'].includes(upper)) return 'every Saturday and Sunday'
  const days = names(field, SHORT_DAYS, DAYS, 0)
  return days === undefined ? undefined : `every ${days}`
}

function names(field: string, short: string[], long: string[], from: number): string | undefined {
  const one = (part: string): string | undefined => {
    const index = short.indexOf(part.toUpperCase())
    if (index >= 0) return long[index]
    if (!/^\d+$/.test(part)) return undefined
    // Both 0 and 7 are Sunday.
    return long[from === 0 ? Number(part) % 7 : Number(part) - from]
  }
  const parts = field.split(',').map((part) => {
    const [first, last] = part.split('-').map(one)
    if (first === undefined || (part.includes('-') && last === undefined)) return undefined
    return part.includes('-') ? `${first} to ${last}` : first
  })
  return parts.some((part) => part === undefined) ? undefined : listed(parts as string[])
}

function isNumber(text: string, most: number): boolean {
  return /^\d{1,2}$/.test(text) && Number(text) <= most
}

function listed(parts: string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
