import type { Reference, Selector } from '../schemas/reference.js'

/**
 * A reference as text: the inverse of `parseReference`. The latest version is the bare name.
 *
 * @example
 * ```ts
 * formatReference({ name: 'credit-score', selector: { kind: 'sequence', sequence: 3 } }) // 'credit-score#3'
 * ```
 */
export function formatReference(reference: Reference): string {
  const query: string[] = []
  if (reference.audience !== undefined) query.push(`audience=${quoteQueryValue(reference.audience)}`)
  if (reference.at !== undefined) query.push(`at=${formatInstant(reference.at)}`)
  return `${reference.name}${formatSelector(reference.selector)}${query.length === 0 ? '' : `?${query.join('&')}`}`
}

function formatSelector(selector: Selector): string {
  switch (selector.kind) {
    case 'latest':
      return ''
    case 'version':
      return `@${selector.version}`
    case 'range':
      return `@${selector.range}`
    case 'sequence':
      return `#${selector.sequence}`
    case 'digest':
      return `@${selector.digest}`
    case 'label':
      return `@${selector.label}`
  }
}

/** A whole day in UTC as its date, everything else to the millisecond. */
function formatInstant(at: number): string {
  return new Date(at).toISOString().replace('T00:00:00.000Z', '')
}

/** Percent-encodes but for what an audience may have, none of which means anything in a query here. */
function quoteQueryValue(value: string): string {
  return encodeURIComponent(value).replaceAll(/%(?:3A|2F|3D|40|2C|2B)/g, decodeURIComponent)
}
