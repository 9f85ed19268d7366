import type { Unavailable } from '../schemas/captured.js'

/** A part that was not captured, and why. */
export function unavailable(reason: string): Unavailable {
  return { state: 'unavailable', reason }
}
