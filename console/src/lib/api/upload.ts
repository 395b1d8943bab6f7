import { ApiError, errorOf, unreachable } from './error'
import { typedKey } from './key'

interface Upload {
  path: string
  form: FormData
  /** From 0 to 1, as the server takes it. */
  onProgress: (part: number) => void
  signal?: AbortSignal
}

/**
 * Sends a form and tells how much of it has gone. `fetch` cannot tell that, so this one call
 * of the page goes another way; what fails is thrown as everywhere.
 */
export function upload({ path, form, onProgress, signal }: Upload): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    const key = typedKey()
    if (key !== undefined) request.setRequestHeader('x-api-key', key)
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total)
    }
    request.onload = () => {
      const answer = responseOf(request)
      if (answer.ok) answer.json().then(resolve, reject)
      else errorOf(answer).then(reject, reject)
    }
    request.onerror = () => reject(unreachable())
    request.onabort = () =>
      reject(new ApiError({ status: 0, kind: 'stopped', message: 'The upload was stopped.' }))
    signal?.addEventListener('abort', () => request.abort())
    request.send(form)
  })
}

function responseOf(request: XMLHttpRequest): Response {
  const headers = new Headers()
  for (const name of ['request-id', 'retry-after', 'content-type']) {
    const value = request.getResponseHeader(name)
    if (value !== null) headers.set(name, value)
  }
  return new Response(request.responseText, { status: request.status, headers })
}
