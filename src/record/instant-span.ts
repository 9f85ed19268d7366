const DATE = /^\d{4}-\d{2}-\d{2}$/
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:?\d{2})$/
const DAY_MS = 24 * 60 * 60 * 1000

/** A stretch of time in milliseconds since 1970, `untilMs` exclusive. */
export interface InstantSpan {
  fromMs: number
  untilMs: number
}

/**
 * What a person means by a date or date-time: a date is the whole day in UTC, a date-time is its millisecond. So
 * `createdAt = '2026-03-01'` holds all day, and `createdAt > '2026-03-01'` from the next day on.
 *
 * @returns undefined for a text that is neither, for a day that does not exist, and for a time of day without its zone.
 */
export function parseInstantSpan(text: string): InstantSpan | undefined {
  if (DATE.test(text)) {
    const fromMs = Date.parse(`${text}T00:00:00.000Z`)
    return isRealDay(text, fromMs) ? { fromMs, untilMs: fromMs + DAY_MS } : undefined
  }
  if (!DATE_TIME.test(text)) return undefined
  const day = text.slice(0, 10)
  if (!isRealDay(day, Date.parse(`${day}T00:00:00.000Z`))) return undefined
  const zoned = text.slice(11).replace(/([+-]\d{2})(\d{2})$/, '$1:$2')
  const fromMs = Date.parse(`${day}T${zoned.toUpperCase()}`)
  return Number.isNaN(fromMs) ? undefined : { fromMs, untilMs: fromMs + 1 }
}

/** `2026-02-30` is read as the second of March by Date.parse of some engines. */
function isRealDay(day: string, startMs: number): boolean {
  return !Number.isNaN(startMs) && new Date(startMs).toISOString().startsWith(day)
}
