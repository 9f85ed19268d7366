import * as z from 'zod'
import { ERROR_CODES, type ErrorCode } from '../errors/codes.js'
import { StemmaError } from '../errors/stemma-error.js'
import { openObject } from '../schemas/open-object.js'

/** The body of every reply that is no success. */
export const errorBodySchema = openObject({
  error: openObject({
    /** One of the codes of docs/errors.md; a newer server may have others. */
    code: z.string().max(64),
    message: z.string().max(16_384),
    hint: z.string().max(4_096).optional(),
    retryable: z.boolean(),
    details: z.record(z.string(), z.json()).optional(),
    /** What the access log of the server calls this request. */
    requestId: z.string().max(64).optional()
  })
})
/** The body of every reply that is no success. */
export type ErrorBody = z.infer<typeof errorBodySchema>

/** An error as it goes over the wire: what the user is to see, and nothing of the server's inside. */
export function encodeError({ code, message, hint, retryable, details }: StemmaError, requestId?: string): ErrorBody {
  return {
    error: {
      code,
      message,
      retryable,
      details: publicDetails(details),
      ...(hint === undefined ? {} : { hint }),
      ...(requestId === undefined ? {} : { requestId })
    }
  }
}

/** The error that a reply tells of. A code that this stemma does not know becomes PROTOCOL_ERROR, and is named in the details. */
export function decodeError({ error }: ErrorBody): StemmaError {
  const details = { ...error.details, ...(error.requestId === undefined ? {} : { requestId: error.requestId }) }
  const { retryable } = error
  const message = printable(error.message)
  const hint = error.hint === undefined ? undefined : printable(error.hint)
  if (isKnown(error.code)) return new StemmaError(error.code, message, { hint, retryable, details })
  return new StemmaError('PROTOCOL_ERROR', `the registry answered with the unknown code ${printable(error.code)}: ${message}`, {
    hint: hint ?? 'Use a newer stemma on this side.',
    retryable,
    details: { ...details, code: error.code }
  })
}

/** A text from the other side, on one line, and with nothing in it that a terminal obeys or hides. */
function printable(text: string): string {
  return text
    .replaceAll(/[\t\n\r]+/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (found) => `\\u${(found.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code)
}

/** Details that JSON can carry; what it cannot is left out. */
function publicDetails(details: Readonly<Record<string, unknown>>): Record<string, z.core.util.JSONType> {
  const entries = Object.entries(details).flatMap(([key, value]) => {
    const parsed = z.json().safeParse(value)
    return parsed.success ? [[key, parsed.data] as const] : []
  })
  return Object.fromEntries(entries)
}
