import canonicalize from 'canonicalize'

const encoder = new TextEncoder()

/**
 * The canonical JSON text of a value, RFC 8785 (JCS): keys sorted by UTF-16 code units, no white space, shortest numbers.
 * Two values that are equal as JSON give the same text.
 *
 * @throws TypeError for a value that JSON cannot express; callers check before.
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('a value without a JSON form has no canonical JSON')
  return text
}

/** {@link canonicalJson} as UTF-8 bytes: what digests are taken of. */
export function canonicalJsonBytes(value: unknown): Uint8Array {
  return encoder.encode(canonicalJson(value))
}
