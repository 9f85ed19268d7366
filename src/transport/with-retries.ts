import pRetry, { type Options as RetryOptions } from 'p-retry'
import { StemmaError } from '../errors/stemma-error.js'
import type { Sources } from '../util/sources.js'
import { isAttemptFailure, type AttemptFailure } from './attempt-failure.js'
import type { Patience } from './endpoint.js'
import type { Reach } from './reach.js'
import { retryDelay } from './retry-delay.js'

/** What is tried again, and how long. */
export interface Tries {
  readonly patience: Patience
  readonly signal: AbortSignal | undefined
  readonly isReplayable: boolean
  /** A lost reply leaves it open whether something was changed. */
  readonly mutates: boolean
  /** `POST https://host/v1/transitions`. */
  readonly what: string
  readonly details: Readonly<Record<string, unknown>>
}

/**
 * Makes attempts until one succeeds, or no further one makes sense.
 *
 * @param attempt gets how much time is left, milliseconds.
 * @throws {StemmaError} what the last attempt met; COMMIT_UNKNOWN when a mutation may have been carried out in one whose reply was lost.
 * @throws `signal.reason` when aborted.
 */
export async function withRetries<T>(tries: Tries, { sources, reach }: { sources: Sources; reach: Reach }, attempt: (leftMs: number) => Promise<T>): Promise<T> {
  const { signal, patience } = tries
  const startedAt = sources.monotonicNow()
  const leftMs = (): number => patience.totalMs - (sources.monotonicNow() - startedAt)
  const retries = tries.isReplayable && !reach.isLost() ? patience.retries : 0
  let isOutcomeOpen = false
  let failure: AttemptFailure | undefined
  try {
    const result = await firstOrRetried(() => attempt(leftMs()), {
      retries,
      // The waits are below, where the clock and the chance are those of `Sources`: p-retry takes its own from the machine.
      minTimeout: 0,
      maxTimeout: 0,
      ...(signal && { signal }),
      async shouldRetry({ error, attemptNumber }) {
        if (!isAttemptFailure(error)) return false
        failure = error
        isOutcomeOpen ||= error.facts.isOutcomeOpen === true
        if (error.facts.isPassing !== true) return false
        const delayMs = retryDelay(attemptNumber, chance(sources), error.facts.afterMs)
        if (delayMs >= leftMs()) return false
        await sources.sleep(delayMs, signal)
        return true
      }
    })
    reach.found()
    return result
  } catch (error) {
    signal?.throwIfAborted()
    if (!isAttemptFailure(error)) throw error
    if (error !== failure) isOutcomeOpen ||= error.facts.isOutcomeOpen === true
    if (error.facts.isOutOfReach === true) reach.lost()
    else reach.found()
    // What the registry says of a request with the same key covers the attempts before.
    throw isOutcomeOpen && tries.mutates && error.facts.isAnswer !== true ? unknownOutcome(tries, error.error) : error.error
  }
}

/** As p-retry alone, which has its part only in what fails: most attempts are the only one of their call. */
async function firstOrRetried<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  let first: { readonly error: unknown } | undefined
  try {
    options.signal?.throwIfAborted()
    const result = await attempt()
    options.signal?.throwIfAborted()
    return result
  } catch (error) {
    first = { error }
  }
  return pRetry(() => {
    if (first === undefined) return attempt()
    const { error } = first
    first = undefined
    throw error
  }, options)
}

function unknownOutcome({ what, details }: Tries, error: StemmaError): StemmaError {
  return new StemmaError('COMMIT_UNKNOWN', `${what}: whether the change was made cannot be told now: ${error.message}`, {
    hint: 'Make the same call again with the operationId of the details: it answers with the first result if there is one, and makes the change if not.',
    details: { ...details, ...error.details }
  })
}

function chance(sources: Sources): number {
  const [high = 0, low = 0] = sources.randomBytes(2)
  return (high * 256 + low) / 65_536
}
