import type { Sources } from '../util/sources.js'

/**
 * Whether the registry is within reach, as far as the last calls say. While it was lost a moment ago, calls are tried once only: who has a
 * fallback gets there soon.
 */
export interface Reach {
  lost(): void
  found(): void
  isLost: () => boolean
}

/** @param circuitMs how long a loss counts, milliseconds. */
export function createReach(sources: Pick<Sources, 'monotonicNow'>, circuitMs: number): Reach {
  let lostAt: number | undefined
  return {
    lost() {
      lostAt = sources.monotonicNow()
    },
    found() {
      lostAt = undefined
    },
    isLost: () => lostAt !== undefined && sources.monotonicNow() - lostAt < circuitMs
  }
}
