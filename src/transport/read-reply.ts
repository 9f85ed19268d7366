import type * as z from 'zod'
import { isStemmaError, StemmaError } from '../errors/stemma-error.js'
import { parse } from '../schemas/parse.js'
import type { OpenReply } from './attempt.js'
import { AttemptFailure, isAttemptFailure } from './attempt-failure.js'
import type { ReplyHeaders } from './endpoint.js'
import { replyFailure } from './reply-failure.js'
import type { RequestTarget } from './request-target.js'

/** Reads JSON from outside; throws a StemmaError whose message says what is wrong with it. */
export type ParseJson = (bytes: Uint8Array, what: string) => unknown

/** Characters of a page's title that are shown. */
const TITLE_LENGTH = 80
/** Most bytes of the body of an error. */
const MAX_ERROR_BYTES = 1_048_576

/** All bytes of a reply. @throws {AttemptFailure} PROTOCOL_ERROR for more than `maxBytes`. */
export async function readAll(reply: OpenReply, maxBytes: number, target: RequestTarget): Promise<Buffer> {
  const bytes = await reply.all(maxBytes)
  if (bytes === undefined) throw tooLong(target, maxBytes)
  return bytes
}

/** A reply that is longer than it may be. */
export function tooLong({ what, details }: RequestTarget, maxBytes: number): AttemptFailure {
  return new AttemptFailure(
    new StemmaError('PROTOCOL_ERROR', `${what} answered with more than ${maxBytes} bytes`, { hint: 'Check that a stemma server answers there.', details: { ...details, limit: maxBytes } })
  )
}

/** Whether a reply says that it is JSON. */
export function isJson(headers: ReplyHeaders): boolean {
  return /^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(headers['content-type'] ?? '')
}

/** Reads a success that should be JSON. @throws {AttemptFailure} PROTOCOL_ERROR saying what came instead. */
export function readJson(bytes: Uint8Array, headers: ReplyHeaders, target: RequestTarget, parseJson: ParseJson): unknown {
  const fail = (problem: string, isOutcomeOpen = false): AttemptFailure =>
    new AttemptFailure(
      new StemmaError('PROTOCOL_ERROR', `${target.what}: ${problem}`, {
        hint: 'Check that a stemma server answers there, and that nothing between changes its replies.',
        details: target.details
      }),
      { isOutcomeOpen }
    )
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding.toLowerCase() !== 'identity') throw fail('the reply is compressed, though nothing was said to be accepted')
  if (!isJson(headers)) throw fail(`wanted JSON, found ${describeBody(bytes, headers)}`)
  try {
    return parseJson(bytes, 'the reply')
  } catch (error) {
    throw isStemmaError(error) ? fail(error.message, true) : error
  }
}

/** A reply that should be server-sent events, or JSON. */
export function notEvents(bytes: Uint8Array, headers: ReplyHeaders, { what, details }: RequestTarget): AttemptFailure {
  return new AttemptFailure(
    new StemmaError('PROTOCOL_ERROR', `${what}: wanted events, found ${describeBody(bytes, headers)}`, { hint: 'Check that a stemma server answers there.', details })
  )
}

/** Holds what a reply says against a schema. @throws {AttemptFailure} PROTOCOL_ERROR naming the field. */
export function readAs<T extends z.ZodType>(schema: T, value: unknown, { what }: RequestTarget): z.output<T> {
  try {
    return parse(schema, value, {
      what: `the reply to ${what}`,
      code: 'PROTOCOL_ERROR',
      hint: 'The server may run another version of stemma; see GET /v1/registry for which.'
    })
  } catch (error) {
    throw isStemmaError(error) ? new AttemptFailure(error, { isOutcomeOpen: true }) : error
  }
}

/** What a body is, for a message. Of the content only the title of a page is shown. */
export function describeBody(bytes: Uint8Array, headers: ReplyHeaders): string {
  if (bytes.byteLength === 0) return 'no body'
  const type = /^[\w.+-]+\/[\w.+-]+/.exec(headers['content-type'] ?? '')?.[0]?.toLowerCase()
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4_096)).toString('utf8')
  if (type === 'text/html' || (type === undefined && /^\s*<(!doctype|html)/i.test(start))) {
    const title = /<title[^>]*>([^<]{1,400})/i.exec(start)?.[1]?.replaceAll(/[^\p{L}\p{N}\p{P} ]+/gu, ' ').trim().slice(0, TITLE_LENGTH)
    return title === undefined || title === '' ? 'an HTML page' : `an HTML page titled "${title}"`
  }
  return type === undefined ? 'a body without a type' : `a body of type ${type}`
}

/** What a reply that is no success means, read from its body. */
export async function readFailure(
  reply: OpenReply,
  target: RequestTarget,
  { nowMs, parseJson, readError }: { nowMs: number; parseJson: ParseJson; readError: (body: unknown) => StemmaError | undefined }
): Promise<AttemptFailure> {
  const { status, headers } = reply
  const bytes = await readShort(reply, target)
  return replyFailure({ status, headers, error: errorIn(bytes, headers, { parseJson, readError }), found: describeBody(bytes, headers) }, target, nowMs)
}

function errorIn(bytes: Uint8Array, headers: ReplyHeaders, { parseJson, readError }: { parseJson: ParseJson; readError: (body: unknown) => StemmaError | undefined }): StemmaError | undefined {
  if (!isJson(headers) || bytes.byteLength === 0) return undefined
  try {
    return readError(parseJson(bytes, 'the reply'))
  } catch (error) {
    // Not in our words, then; the status says enough.
    if (isStemmaError(error)) return undefined
    throw error
  }
}

/** The body of an error; nothing of one that is cut off or too long. */
async function readShort(reply: OpenReply, target: RequestTarget): Promise<Uint8Array> {
  try {
    return await readAll(reply, MAX_ERROR_BYTES, target)
  } catch (error) {
    if (isAttemptFailure(error)) return new Uint8Array()
    throw error
  }
}
