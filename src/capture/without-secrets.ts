import { isDigestKey } from '../record/secret-keys.js'
import { hasRandomRun, secretShapeOf } from '../record/secret-shapes.js'

const REDACTED = '[redacted]'

/**
 * A copy of what was captured, in which every text that looks like a secret is replaced by `[redacted]`, and every entry whose
 * name looks like one is gone. What is `undefined` is gone too. The last net: each part leaves out what it knows to be secret.
 */
export function withoutSecrets<T extends object>(part: T): T {
  const copy = structuredClone(part)
  redact(copy)
  return copy
}

function redact(value: unknown): void {
  if (!isObject(value)) return
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || secretShapeOf(key) !== undefined) Reflect.deleteProperty(value, key)
    else if (typeof item === 'string') {
      if (looksSecret(key, item)) value[key] = REDACTED
    } else redact(item)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Keys alone make no secret here: they are ours, or names of packages, and one may well be called `generate-password`. */
function looksSecret(key: string, text: string): boolean {
  return secretShapeOf(text) !== undefined || (hasRandomRun(text) && !isDigestKey(key))
}
