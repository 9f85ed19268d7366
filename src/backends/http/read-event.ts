import type * as z from 'zod'
import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import { parseJsonStrictly } from '../../record/parse-json.js'
import { parse } from '../../schemas/parse.js'
import type { ServerEvent } from '../../transport/endpoint.js'
import { decodeError, errorBodySchema, type ErrorBody } from '../../wire/error-body.js'

const HINT = 'The server may run another version of stemma; see GET /v1/registry for which.'

/** What an event says, by its schema. @throws {StemmaError} PROTOCOL_ERROR */
export function readEvent<T extends z.ZodType>(schema: T, { event, data }: ServerEvent, what: string): z.output<T> {
  return parse(schema, readJson(data, `the event ${event} of ${what}`), { what: `the event ${event} of ${what}`, code: 'PROTOCOL_ERROR', hint: HINT })
}

function readJson(data: string, what: string): unknown {
  try {
    return parseJsonStrictly(Buffer.from(data), what)
  } catch (error) {
    throw isStemmaError(error) ? new StemmaError('PROTOCOL_ERROR', error.message, { hint: HINT }) : error
  }
}

/** The error that the body of a reply tells of, for the transport; `undefined` when it is none of ours. */
export function errorIn(body: unknown): StemmaError | undefined {
  const parsed = errorBodySchema.safeParse(body)
  return parsed.success ? errorOf(parsed.data) : undefined
}

/** The error that a registry tells of, as it is for who calls it. */
export function errorOf(body: ErrorBody): StemmaError {
  const error = decodeError(body)
  if (error.code !== 'CLOSED') return error
  // Over there it was closed, not here: the server stops, and another one or a later one may answer.
  return new StemmaError('REGISTRY_UNAVAILABLE', `the registry is being stopped: ${error.message}`, { hint: 'Try again in a while.', details: error.details })
}
