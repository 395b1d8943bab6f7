import { ApiError } from '../api/error'
import type { Frame } from '../stream/sse'
import type { SessionEvent } from './log'
import type { Piece } from './reduce'

interface Start {
  event: { type: string; id: string }
}

interface Delta {
  event_id: string
  delta: { content: { text: string } }
  offset: number
  end: number
}

/** What some frames of a session's stream say; signs of life say nothing. */
export function piecesOf(frames: readonly Frame[]): Piece[] {
  return frames.flatMap((frame): Piece[] => {
    switch (frame.event) {
      case 'ping':
        return []
      case 'error':
        throw faultOf(frame.data)
      case 'event_start': {
        const { event } = JSON.parse(frame.data) as Start
        return [
          { type: 'start', id: event.id, kind: event.type === 'agent.thinking' ? 'thinking' : 'message' },
        ]
      }
      case 'event_delta': {
        const { event_id: id, delta, offset, end } = JSON.parse(frame.data) as Delta
        return [{ type: 'delta', id, text: delta.content.text, offset, end }]
      }
      default:
        return [{ type: 'stored', event: JSON.parse(frame.data) as SessionEvent }]
    }
  })
}

/** The stream itself failed; whoever follows it comes again. */
function faultOf(data: string): ApiError {
  const { error, request_id: requestId } = JSON.parse(data) as {
    error?: { type?: string; message?: string }
    request_id?: string
  }
  const kind = error?.type ?? 'api_error'
  return new ApiError({ status: 500, kind, message: error?.message ?? 'The stream failed.', requestId })
}
