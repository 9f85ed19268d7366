import { seededBytes } from '../../src/testing/seeded-bytes.js'
import type { Sources } from '../../src/util/sources.js'

/** A clock that stands still unless it is moved, seeded randomness, and waits that only move the clock. */
export interface FixedSources extends Sources {
  /** Moves both clocks. */
  advance(byMs: number): void
  /** Sets the clock, forward or back. */
  moveTo(nowMs: number): void
}

/** 2026-03-01T12:00:00.000Z: where the clock of {@link fixedSources} stands at first. */
export const START_MS = 1_772_366_400_000

/** Sources that give the same values in every run: mulberry32 from `seed`. */
export function fixedSources({ seed = 1, startMs = START_MS }: { seed?: number; startMs?: number } = {}): FixedSources {
  let nowMs = startMs
  let monotonicMs = 0
  const advance = (byMs: number): void => {
    nowMs += byMs
    monotonicMs += byMs
  }
  return {
    now: () => nowMs,
    monotonicNow: () => monotonicMs,
    randomBytes: seededBytes(seed),
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error)
          return
        }
        // Ends in a later turn, so that a loop which waits lets others run.
        setImmediate(() => {
          if (signal?.aborted) {
            reject(signal.reason as Error)
            return
          }
          advance(Math.ceil(delayMs))
          resolve()
        })
      }),
    advance,
    moveTo: (toMs) => {
      nowMs = toMs
    }
  }
}
