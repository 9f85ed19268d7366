import { types } from 'node:util'
import type * as z from 'zod'
import { parseJsonStrictly } from '../record/parse-json.js'
import { parse } from '../schemas/parse.js'
import { JSON_LIMITS } from '../wire/limits.js'
import { bodyLimit, tooLarge } from './admit.js'
import type { Call } from './context.js'

/**
 * Reads the body of a call as JSON by a schema. Never holds more than the route allows.
 *
 * @throws {StemmaError} INVALID_INPUT saying what is wrong; TOO_LARGE for a body that goes on after its limit.
 */
export async function readJson<T extends z.ZodType>(call: Call, schema: T): Promise<z.output<T>> {
  const what = `the body of ${call.route.method} ${call.route.path}`
  const value = parseJsonStrictly(await readBytes(call, bodyLimit(call.name)), what, JSON_LIMITS)
  return parse(schema, value, { what })
}

async function readBytes(call: Call, limit: number): Promise<Uint8Array> {
  return call.incoming.complete ? readArrived(call, limit) : readArriving(call, limit)
}

/** A small body comes with its headers, and is all there: to listen for it takes longer than to read it as JSON. */
function readArrived({ incoming }: Call, limit: number): Uint8Array {
  const bytes: unknown = incoming.read()
  if (bytes === null) return new Uint8Array()
  if (!types.isUint8Array(bytes)) throw new TypeError('a request gave something other than bytes')
  if (bytes.byteLength > limit) throw tooLarge(limit)
  return bytes
}

async function readArriving({ incoming, signal }: Call, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  await new Promise<void>((resolve, reject) => {
    const stop = (settle: () => void): void => {
      incoming.off('data', onData).off('end', onEnd)
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const onData = (chunk: Uint8Array): void => {
      bytes += chunk.byteLength
      if (bytes <= limit) chunks.push(chunk)
      else stop(() => {
        // Whoever answers lets the rest go by.
        incoming.pause()
        reject(tooLarge(limit))
      })
    }
    const onEnd = (): void => {
      stop(resolve)
    }
    const onAbort = (): void => {
      stop(() => {
        reject(signal.reason as Error)
      })
    }
    signal.addEventListener('abort', onAbort, { once: true })
    incoming.on('data', onData).on('end', onEnd)
    if (signal.aborted) onAbort()
  })
  return Buffer.concat(chunks)
}
