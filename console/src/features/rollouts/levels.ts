/** How bad a look is, least first: the words of the API. */
export const LEVELS = ['none', 'no_data', 'unknown', 'medium', 'high', 'critical'] as const
export type Level = (typeof LEVELS)[number]

export function levelOf(word: string): Level {
  return LEVELS.find((level) => level === word) ?? 'unknown'
}

/** The colour token of a level, for canvases and strips. */
export const LEVEL_TOKEN: Record<Level, string> = {
  none: 'good',
  no_data: 'faint',
  unknown: 'faint',
  medium: 'warn',
  high: 'bad',
  critical: 'bad',
}

/** Grounds for strips and bands. */
export const LEVEL_GROUND: Record<Level, string> = {
  none: 'bg-good',
  no_data: 'bg-control/50',
  unknown: 'bg-control/50',
  medium: 'bg-warn',
  high: 'bg-bad/70',
  critical: 'bg-bad',
}
