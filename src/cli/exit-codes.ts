import type { ErrorCode } from '../errors/codes.js'
import { isStemmaError } from '../errors/stemma-error.js'
import type { StopReason } from './terminal.js'

/** What a command ends with, as docs/command-line.md has it. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  notFound: 3,
  /** The registry is in another state than the command needs. */
  conflict: 4,
  damaged: 5,
  /** The registry is out of reach; later it may do. */
  unavailable: 6,
  /** Only of `diff --exit-code`. */
  different: 7
} as const

const CODES: Partial<Record<ErrorCode, number>> = {
  INVALID_INPUT: EXIT.usage,
  INVALID_NAME: EXIT.usage,
  INVALID_REFERENCE: EXIT.usage,
  INVALID_VERSION: EXIT.usage,
  INVALID_STAGE: EXIT.usage,
  INVALID_ALIAS: EXIT.usage,
  INVALID_METADATA: EXIT.usage,
  INVALID_QUERY: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  VERSION_DELETED: EXIT.notFound,
  CONFLICT: EXIT.conflict,
  ALREADY_EXISTS: EXIT.conflict,
  CONFLICT_RETRIES: EXIT.conflict,
  DIGEST_MISMATCH: EXIT.damaged,
  BLOB_MISSING: EXIT.damaged,
  LOG_CORRUPT: EXIT.damaged,
  LOG_GAP: EXIT.damaged,
  ROLLBACK_DETECTED: EXIT.damaged,
  REGISTRY_UNAVAILABLE: EXIT.unavailable,
  TOO_MANY_REQUESTS: EXIT.unavailable
}

/** What a command ends with that an error ended. */
export function exitCodeOf(error: unknown): number {
  return (isStemmaError(error) ? CODES[error.code] : undefined) ?? EXIT.failed
}

/** What a command ends with that was stopped: 128 and the signal's number; who closed the pipe has read enough. */
export const EXIT_OF_STOP: Readonly<Record<StopReason, number>> = { SIGINT: 130, SIGTERM: 143, EPIPE: EXIT.done }
