/** Wait before the second attempt, milliseconds; each further one waits twice as long. */
const FIRST_MS = 200
/** Longest wait of our own. */
const MAX_MS = 10_000
/** Longest wait that a server may ask for. */
export const MAX_RETRY_AFTER_MS = 60_000

/**
 * How long to wait before the next attempt, milliseconds: between one and two times 200 ms, 400 ms, 800 ms … up to 10 s, so that many clients
 * do not come back at once; or what the server asked for when that is longer.
 *
 * @param failures how many attempts have failed, from 1 on.
 * @param chance a number from 0 to 1.
 */
export function retryDelay(failures: number, chance: number, afterMs = 0): number {
  const own = Math.min(MAX_MS, Math.round((1 + chance) * FIRST_MS * 2 ** (failures - 1)))
  return Math.max(own, Math.min(afterMs, MAX_RETRY_AFTER_MS))
}

/** What a `Retry-After` asks for, milliseconds from now: whole seconds or a date. `undefined` for anything else. */
export function readRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  if (/^[0-9]{1,9}$/.test(text)) return Math.min(Number(text) * 1_000, MAX_RETRY_AFTER_MS)
  // A date names its day first; `Date.parse` would read other numbers as years.
  const at = /^[A-Za-z]{3},? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - nowMs), MAX_RETRY_AFTER_MS)
}
