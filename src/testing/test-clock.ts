import { setImmediate as nextTurn } from 'node:timers/promises'
import { StemmaError } from '../errors/stemma-error.js'
import type { Sources } from '../util/sources.js'
import { seededBytes } from './seeded-bytes.js'

/**
 * A clock that stands still until it is moved. Changes of one model that come at the same moment are a millisecond apart, as in every registry:
 * move the clock before you ask for `?at=` that moment.
 */
export interface TestClock {
  /** The time that it shows, `2026-01-01T00:00:00.000Z`: as `createdAt` and `?at=` have it. */
  now(): string
  /**
   * Moves it forward by so many milliseconds.
   *
   * @throws {StemmaError} INVALID_INPUT for what is no number of at least 0, and for what leads beyond the year 9999
   */
  advance(byMs: number): void
  /**
   * Sets it, forward or back.
   *
   * @param instant ISO 8601, `2026-03-01T12:00:00Z`, or a day alone, which is midnight UTC; from 1970 to 9999
   * @throws {StemmaError} INVALID_INPUT
   */
  moveTo(instant: string): void
}

/**
 * A clock that stands still, and the sources that show it: the same ids in every run, and waits that end at once and do not move it.
 *
 * @throws {StemmaError} INVALID_INPUT when `startAt` is no instant.
 */
export function createTestClock({ startAt, seed }: { startAt: string; seed: number }): { clock: TestClock; sources: Sources } {
  let nowMs = toMilliseconds(startAt)
  let monotonicMs = 0
  const clock: TestClock = {
    now: () => new Date(nowMs).toISOString(),
    advance(byMs) {
      if (!(byMs >= 0 && isShown(nowMs + byMs))) {
        throw new StemmaError('INVALID_INPUT', `the test clock cannot be moved forward by ${String(byMs)} ms`, { hint: 'Use moveTo to set it back.' })
      }
      nowMs += byMs
      monotonicMs += byMs
    },
    moveTo(instant) {
      nowMs = toMilliseconds(instant)
    }
  }
  const sources: Sources = {
    now: () => nowMs,
    monotonicNow: () => monotonicMs,
    randomBytes: seededBytes(seed),
    async sleep(delayMs, signal) {
      signal?.throwIfAborted()
      await nextTurn()
      signal?.throwIfAborted()
      // Or a loop that tries until its time is up would never end.
      monotonicMs += delayMs
    }
  }
  return { clock, sources }
}

const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** Whether it is an instant that a registry can write down. */
function isShown(milliseconds: number): boolean {
  return milliseconds >= 0 && milliseconds <= LAST_MS
}

function toMilliseconds(instant: unknown): number {
  const milliseconds = typeof instant === 'string' ? Date.parse(instant) : NaN
  if (isShown(milliseconds)) return milliseconds
  throw new StemmaError('INVALID_INPUT', `the test clock cannot show ${JSON.stringify(instant)}`, { hint: 'Write it as 2026-03-01T12:00:00Z.', details: { instant } })
}
