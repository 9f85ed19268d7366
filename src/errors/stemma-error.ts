import { ERROR_CODES, type ErrorCode } from './codes.js'

const BRAND = Symbol.for('stemma.error')

/** What a {@link StemmaError} is made from. */
export interface StemmaErrorOptions {
  /** What to do about it, one sentence. */
  hint?: string | undefined
  /** The values concerned, as plain data: `path`, `expected`, `found`, `model` … Never a secret. */
  details?: Readonly<Record<string, unknown>> | undefined
  /** The error of the operating system or a library that led here. Never one that holds credentials. */
  cause?: unknown
  /** Overrides what the code says about trying again. */
  retryable?: boolean | undefined
}

/**
 * The one error class of stemma. `code` is what programs decide on; `message` says what failed, on what, what was wanted
 * and found; `hint` says what to do.
 *
 * @example
 * ```ts
 * try {
 *   await transitionStage('credit-score@1.2.0', 'production', { expectedCurrent: '1.1.0' })
 * } catch (error) {
 *   if (isStemmaError(error, 'CONFLICT')) console.log('live now:', error.details.current)
 *   else throw error
 * }
 * ```
 */
export class StemmaError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  /** Whether the same call may succeed when it is made again unchanged. */
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: StemmaErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'StemmaError'
    this.code = code
    this.hint = options.hint
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable
    this.details = options.details ?? {}
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** A plain form for logs: no stack, no cause. */
  toJSON(): { code: ErrorCode; message: string; hint: string | undefined; retryable: boolean; details: Readonly<Record<string, unknown>> } {
    return { code: this.code, message: this.message, hint: this.hint, retryable: this.retryable, details: this.details }
  }
}

/**
 * Whether a value is a {@link StemmaError}, also one from another copy of this package, and, when codes are given, one of them.
 *
 * @example
 * ```ts
 * if (isStemmaError(error, 'NOT_FOUND', 'VERSION_DELETED')) return undefined
 * ```
 */
export function isStemmaError(value: unknown, ...codes: readonly ErrorCode[]): value is StemmaError {
  // Not instanceof: the error may come from another copy of this package, or from another realm, as Jest makes one for each test file.
  if (typeof value !== 'object' || value === null || !(BRAND in value) || !('code' in value)) return false
  return codes.length === 0 || codes.some((code) => code === value.code)
}
