import type { ErrorCode } from '../errors/codes.js'
import { StemmaError, type StemmaErrorOptions } from '../errors/stemma-error.js'
import { STATUS_OF_CODE } from '../wire/status.js'

const REFUSAL = Symbol('stemma.refusal')

/** A status that says more than that of the code, and headers that go with it. */
export interface RefusalReply {
  status?: number | undefined
  headers?: Readonly<Record<string, string>> | undefined
}

/** An error whose reply has a status of its own, or headers: `405` with `Allow`, `429` with `Retry-After`. */
export function refusal(code: ErrorCode, message: string, reply: RefusalReply, options: StemmaErrorOptions = {}): StemmaError {
  const error = new StemmaError(code, message, options)
  Object.defineProperty(error, REFUSAL, { value: reply })
  return error
}

/** The status and headers of the reply that an error becomes. */
export function replyOf(error: StemmaError): { status: number; headers: Readonly<Record<string, string>> } {
  const own = hasReply(error) ? error[REFUSAL] : {}
  return { status: own.status ?? STATUS_OF_CODE[error.code], headers: own.headers ?? {} }
}

function hasReply(error: object): error is { [REFUSAL]: RefusalReply } {
  return REFUSAL in error
}
