import { types } from 'node:util'
import type { ErrorCode } from '../errors/codes.js'
import { isStemmaError, StemmaError } from '../errors/stemma-error.js'
import { systemErrorCode } from './system-error.js'

/** An error in a form that passes between threads, where errors lose their class and fields. */
export type PackedError =
  | {
      kind: 'stemma'
      code: ErrorCode
      message: string
      hint: string | undefined
      retryable: boolean
      details: Readonly<Record<string, unknown>>
      cause: PackedError | undefined
    }
  | { kind: 'system'; message: string; fields: Readonly<Record<string, unknown>> }
  | { kind: 'other'; message: string; stack: string | undefined }

/** Prepares an error for another thread. */
export function packError(error: unknown): PackedError {
  if (isStemmaError(error)) {
    const { code, message, hint, retryable, details } = error
    return { kind: 'stemma', code, message, hint, retryable, details, cause: error.cause === undefined ? undefined : packError(error.cause) }
  }
  if (types.isNativeError(error) && systemErrorCode(error) !== undefined) {
    // code, errno, syscall, path, dest: numbers and strings.
    return { kind: 'system', message: error.message, fields: Object.fromEntries(Object.entries(error)) }
  }
  return types.isNativeError(error) ? { kind: 'other', message: error.message, stack: error.stack } : { kind: 'other', message: String(error), stack: undefined }
}

/** The error that {@link packError} was given, as far as programs can tell. */
export function unpackError(packed: PackedError): Error {
  if (packed.kind === 'stemma') {
    const { code, message, hint, retryable, details, cause } = packed
    return new StemmaError(code, message, { hint, retryable, details, cause: cause === undefined ? undefined : unpackError(cause) })
  }
  const error = new Error(packed.message)
  if (packed.kind === 'system') return Object.assign(error, packed.fields)
  if (packed.stack !== undefined) error.stack = packed.stack
  return error
}
