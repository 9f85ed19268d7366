import type { StemmaError } from '../errors/stemma-error.js'

/** What is known of an attempt that failed, besides the error. */
export interface FailureFacts {
  /** The same request may succeed a little later. @default false */
  isPassing?: boolean | undefined
  /** Nothing that could be the registry answered. @default false */
  isOutOfReach?: boolean | undefined
  /** The request may have been carried out all the same. @default false */
  isOutcomeOpen?: boolean | undefined
  /** The registry itself answered, in its own words, and knew by the key whether it had made the change before. @default false */
  isAnswer?: boolean | undefined
  /** What the server asks to wait, milliseconds. */
  afterMs?: number | undefined
}

/** An attempt that failed: never leaves the transport, which throws `error` after the last one. */
export class AttemptFailure extends Error {
  readonly error: StemmaError
  readonly facts: FailureFacts

  constructor(error: StemmaError, facts: FailureFacts = {}) {
    super(error.message)
    this.name = 'AttemptFailure'
    this.error = error
    this.facts = facts
  }
}

/** Whether a value is an {@link AttemptFailure}. The class is private to the transport, so that there is one of it only. */
export function isAttemptFailure(value: unknown): value is AttemptFailure {
  return value instanceof AttemptFailure
}
