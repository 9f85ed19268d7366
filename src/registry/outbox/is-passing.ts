import { isStemmaError } from '../../errors/stemma-error.js'

const PASSING = ['REGISTRY_UNAVAILABLE', 'COMMIT_UNKNOWN', 'TOO_MANY_REQUESTS', 'CONFLICT_RETRIES'] as const

/** Whether an error is about the registry being out of reach, and not about the model: later the same may succeed. */
export function isPassing(error: unknown): boolean {
  return isStemmaError(error, ...PASSING)
}
