import { StemmaError } from '../errors/stemma-error.js'
import { readInstant } from '../record/read-instant.js'

const HOUR_MS = 3_600_000
const DURATION = /^([1-9][0-9]{0,5})([dh])$/
/** The last instant that has a year of four digits. */
const LATEST_MS = 253_402_300_799_999

/**
 * When a token ends, as a person says it: `90d` and `12h` are days of 24 hours and hours from now, `2027-01-31` is the first moment of that
 * day in UTC, `2027-01-31T18:00:00+01:00` is an instant.
 *
 * @returns ISO 8601, UTC.
 * @throws {StemmaError} INVALID_INPUT for what is neither, and for an instant that is not ahead.
 */
export function readExpiry(text: string, nowMs: number): string {
  const expiresAtMs = instantOf(text, nowMs)
  if (expiresAtMs > LATEST_MS) throw wrong(text, 'is after the year 9999', 'Leave the end out, for a token that has none.')
  if (expiresAtMs <= nowMs) throw wrong(text, 'is not ahead', `It is ${new Date(nowMs).toISOString()} now.`)
  return new Date(expiresAtMs).toISOString()
}

/** Whether a token is good no longer: from the instant on at which it ends. */
export function hasEnded({ expiresAt }: { expiresAt?: string | undefined }, nowMs: number): boolean {
  return expiresAt !== undefined && nowMs >= Date.parse(expiresAt)
}

function instantOf(text: string, nowMs: number): number {
  const [, count, unit] = DURATION.exec(text) ?? []
  if (count !== undefined) return nowMs + Number(count) * (unit === 'd' ? 24 * HOUR_MS : HOUR_MS)
  const read = readInstant(text)
  if ('at' in read) return read.at
  throw wrong(text, 'is neither a duration nor a time', 'Write days or hours, 90d or 12h, or a time: 2027-01-31 or 2027-01-31T12:00:00Z.')
}

function wrong(text: string, problem: string, hint: string): StemmaError {
  return new StemmaError('INVALID_INPUT', `the end of a token: ${JSON.stringify(text)} ${problem}`, { hint, details: { expires: text } })
}
