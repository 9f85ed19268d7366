const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** A size for people, in powers of 1000: `12.4 MB`. */
export function sizeText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, Math.abs(bytes))) / 3)))
  const amount = bytes / 1_000 ** power
  return `${power === 0 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[power] ?? 'B'}`
}

/** A count and its noun: `1 file`, `3 files`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** An instant for people, to the second, in UTC: `2026-03-01 12:00:00Z`. */
export function timeText(instant: string): string {
  return instant.replace('T', ' ').replace(/\.\d+/, '')
}
