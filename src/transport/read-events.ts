import { createParser } from 'eventsource-parser'
import type { ServerEvent } from './endpoint.js'
import { tooLong } from './read-reply.js'
import type { RequestTarget } from './request-target.js'

/** The events of a body as they come; comments are passed over. @throws {AttemptFailure} PROTOCOL_ERROR for one of more than `maxEventBytes`. */
export async function* readEvents(body: AsyncIterable<Uint8Array>, maxEventBytes: number, target: RequestTarget): AsyncGenerator<ServerEvent, void, undefined> {
  let ready: ServerEvent[] = []
  let pendingBytes = 0
  const decoder = new TextDecoder()
  const parser = createParser({
    onEvent({ event, data }) {
      ready.push({ event: event ?? 'message', data })
      pendingBytes = 0
    },
    onComment(comment) {
      // Only its own line, at most: the lines of data before it are still held.
      pendingBytes -= comment.length + 2
    }
  })
  for await (const chunk of body) {
    pendingBytes += chunk.byteLength
    parser.feed(decoder.decode(chunk, { stream: true }))
    if (pendingBytes > maxEventBytes) throw tooLong(target, maxEventBytes)
    const events = ready
    ready = []
    yield* events
  }
}
