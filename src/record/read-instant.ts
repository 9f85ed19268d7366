/** An instant that was read, or why it could not be. */
export type InstantText = { at: number } | { problem: string; hint: string }

const DATE = /^\d{4}-\d{2}-\d{2}$/
const DATE_TIME = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?$/i
const EXAMPLES = 'for instance 2026-03-01 or 2026-03-01T12:30:00Z'

/**
 * Reads an ISO 8601 date (its start in UTC) or a date-time with `Z` or an offset; `at` is in milliseconds since 1970. A date-time
 * without an offset is refused, since it would mean another instant on every machine.
 */
export function readInstant(text: string): InstantText {
  if (DATE.test(text)) return toInstant(`${text}T00:00:00Z`, text)
  const match = DATE_TIME.exec(text)
  const local = match?.[1]
  if (local === undefined) return { problem: 'is not an ISO 8601 date or date-time', hint: `Write the date as ISO 8601, ${EXAMPLES}.` }
  const offset = match?.[2]
  if (offset === undefined) return { problem: 'has a time without an offset', hint: `Add "Z" or an offset: ${local}Z or ${local}+01:00.` }
  const colon = /^[+-]\d{4}$/.test(offset) ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset
  return toInstant(`${local}${colon}`.toUpperCase(), text)
}

function toInstant(iso: string, text: string): InstantText {
  const at = new Date(iso).getTime()
  // Date reads 30 February as 2 March; the day must come out as it went in.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`)
  if (Number.isNaN(at) || Number.isNaN(day.getTime()) || !day.toISOString().startsWith(text.slice(0, 10))) {
    return { problem: 'is not a day or time that exists', hint: `Write a date that exists, ${EXAMPLES}.` }
  }
  return { at }
}
