/** Why somebody who logged in elsewhere is not let in, in words, with what to do about it. */

const AGAIN = 'Try again.'
const ADMIN = 'Ask an admin.'

/** By the words of the server (`crates/api-native/src/issuers.rs`). */
const PROBLEMS = {
  unknown_issuer: ['This way to log in is not there any more.', 'Choose another one.'],
  lost: [
    'This browser did not bring back what the login began with.',
    'Begin again here, in one tab, with cookies allowed, and at the address that your team uses.',
  ],
  expired: ['Logging in took longer than ten minutes.', AGAIN],
  used: ['This login was finished before.', 'Begin again.'],
  declined: ['The login was called off there.', 'Try again, or choose another account.'],
  issuer_down: ['The other side does not answer at the moment.', 'Try again in a minute.'],
  issuer_wrong: [
    'What the other side answered proves nothing.',
    `${AGAIN} If it stays so, show this to an admin.`,
  ],
  no_email: ['The other side did not tell your e-mail address.', ADMIN],
  email_not_verified: [
    'The other side has not verified your e-mail address.',
    'Verify it there, then log in again.',
  ],
  other_domain: ['Accounts of this domain do not log in here.', 'Choose your account at work.'],
  nobody: [
    'Nobody here has your e-mail address.',
    'Ask an admin to add you with it, or choose another account.',
  ],
  address_taken: [
    'Somebody has logged in here with your e-mail address before, from another account.',
    'If that was you, use that account, or ask an admin for a link that resets your login. If not, ask an admin to remove them first.',
  ],
  suspended: ['You are suspended.', ADMIN],
  left: ['You have left this organization.', 'Ask an admin to add you again.'],
  busy: ['The server is too busy.', 'Try again in a moment.'],
  failed: ['The login failed here.', `${AGAIN} If it stays so, show this to whoever runs the server.`],
} satisfies Record<string, [what: string, advice: string]>

export type Problem = keyof typeof PROBLEMS

/** What an address says, if it is a word of ours: anybody can write one. */
export function problemOf(word: unknown): Problem | undefined {
  return typeof word === 'string' && Object.hasOwn(PROBLEMS, word) ? (word as Problem) : undefined
}

export function wordsFor(problem: Problem): { what: string; advice: string } {
  const [what, advice] = PROBLEMS[problem]
  return { what, advice }
}

/** A request's name, and no other text. */
export function requestOf(text: unknown): string | undefined {
  return typeof text === 'string' && /^req_[0-9a-z]{26}$/.test(text) ? text : undefined
}
