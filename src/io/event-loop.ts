import { setImmediate } from 'node:timers/promises'
import type { Sources } from '../util/sources.js'

/** How long synchronous work may hold the event loop, in milliseconds. */
const SLICE_MS = 8

/**
 * For loops over many short synchronous steps: call it after each step, and await what it gives. Every 8 ms it lets the event
 * loop run; otherwise it gives `undefined` at once, which costs next to nothing.
 *
 * @example
 * ```ts
 * const pause = timeSlices(sources)
 * for (const path of paths) {
 *   unlinkSync(path)
 *   await pause()
 * }
 * ```
 */
export function timeSlices(sources: Sources): () => Promise<void> | undefined {
  let end = sources.monotonicNow() + SLICE_MS
  return () => {
    if (sources.monotonicNow() < end) return undefined
    return setImmediate().then(() => {
      end = sources.monotonicNow() + SLICE_MS
    })
  }
}
