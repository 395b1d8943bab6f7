import type { components } from './generated/native'

type Envelope = components['schemas']['ErrorEnvelope']

interface Told {
  status: number
  kind: string
  message: string
  field?: string | undefined
  requestId?: string | undefined
  retryAfter?: number | undefined
}

/** Why a call did not succeed, in the server's words where it had some. */
export class ApiError extends Error {
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number
  /** The server's word for the kind of error, or `unreachable`, `silent`, `stopped`, `page_error`. */
  readonly kind: string
  /** The parameter that is wrong, as in the body that was sent. */
  readonly field: string | undefined
  readonly requestId: string | undefined
  /** Seconds after which to come again. */
  readonly retryAfter: number | undefined

  constructor(told: Told) {
    super(told.message)
    this.name = 'ApiError'
    this.status = told.status
    this.kind = told.kind
    this.field = told.field
    this.requestId = told.requestId
    this.retryAfter = told.retryAfter
  }

  /** Whether the same call may succeed a little later. */
  get isPassing(): boolean {
    if (this.kind === 'page_error') return false
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500
  }

  /** What the person can do about it. */
  get advice(): string {
    if (this.kind === 'page_error')
      return 'Reload the page; what the server has is not touched. If it stays, tell who runs this server.'
    if (this.kind === 'stopped') return ''
    if (this.status === 0) return 'Check that the server runs. The page goes on by itself when it answers.'
    if (this.status === 401) return 'Log in again.'
    if (this.status === 403) return 'Ask an owner or admin of the organization for a role that may do this.'
    if (this.status === 404) return 'It may have been deleted, or it belongs to another organization.'
    if (this.status === 409) return 'Look at how it stands now, then try again.'
    if (this.status === 429) return `Wait ${this.retryAfter ?? 'a few'} seconds, then try again.`
    if (this.status >= 500) return 'Try again. If it stays, look for the request id in the server’s log.'
    return 'Correct it and try again.'
  }
}

/** All that there is to say of an error, where there is room for a text alone. */
export function inFull(thrown: unknown): string {
  const { message, advice, requestId } = asApiError(thrown)
  return [message, advice, requestId && `Request ${requestId}.`].filter(Boolean).join(' ')
}

/** Reads an answer that is no success. */
export async function errorOf(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get('retry-after')) || undefined
  const requestId = response.headers.get('request-id') ?? undefined
  const body: unknown = await response.json().catch(() => undefined)
  if (isEnvelope(body)) {
    const { type: kind, message, details } = body.error
    const field = details?.param ?? undefined
    return new ApiError({
      status: response.status,
      kind,
      message,
      field,
      requestId: body.request_id,
      retryAfter,
    })
  }
  const message = detailOf(body) ?? `The server answered ${response.status}.`
  return new ApiError({ status: response.status, kind: 'api_error', message, requestId, retryAfter })
}

/** Any thrown thing as the error that pages show. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new ApiError({ status: 0, kind: 'page_error', message })
}

/** What a form shows of an error: at the field that it names, if the form has that field, else below all. */
export interface PlacedFault {
  at: (field: string) => string | undefined
  below: ApiError | undefined
}

export function placeFault(thrown: unknown, fields: readonly string[]): PlacedFault {
  if (!thrown) return { at: () => undefined, below: undefined }
  const error = asApiError(thrown)
  // One of several is named as `scopes[2]` or `window.from`.
  const named = error.field?.split(/[[.]/)[0]
  const place = fields.find((field) => field === error.field || field === named)
  return {
    at: (field) => (field === place ? error.message : undefined),
    below: place === undefined ? error : undefined,
  }
}

export function unreachable(): ApiError {
  return new ApiError({ status: 0, kind: 'unreachable', message: 'The server does not answer.' })
}

/** The server took the request and says nothing. */
export function silent(seconds: number): ApiError {
  const message = `The server has not answered for ${seconds} seconds.`
  return new ApiError({ status: 0, kind: 'silent', message })
}

function isEnvelope(body: unknown): body is Envelope {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false
  const { error } = body
  return (
    typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string'
  )
}

/** The other APIs say it in `detail` or `message`. */
function detailOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { detail, message } = body as { detail?: unknown; message?: unknown }
  return typeof detail === 'string' ? detail : typeof message === 'string' ? message : undefined
}
