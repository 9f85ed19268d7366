/** What a request asks for of a blob. */
export type WantedRange =
  | { kind: 'whole' }
  /** `end` is the place after the last byte. */
  | { kind: 'part'; start: number; end: number }
  | { kind: 'unsatisfiable' }

/**
 * Reads a `Range` header as RFC 9110 says: what cannot be read, and more than one range, count as not sent, so that the whole blob is
 * the answer.
 *
 * @example
 * ```ts
 * readRange('bytes=100-', 250) // { kind: 'part', start: 100, end: 250 }
 * ```
 */
export function readRange(header: string | undefined, sizeBytes: number): WantedRange {
  const [, first = '', last = ''] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? '') ?? []
  if (first === '' && last === '') return { kind: 'whole' }
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes)
    return length === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', start: sizeBytes - length, end: sizeBytes }
  }
  const start = Number(first)
  const end = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes)
  if (last !== '' && Number(last) < start) return { kind: 'whole' }
  return start >= sizeBytes ? { kind: 'unsatisfiable' } : { kind: 'part', start, end }
}

/** Whether one of the tags of an `If-None-Match` or `If-Range` header is this one; weak ones are never, for a range. */
export function hasTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((one) => one.trim() === tag)
}
