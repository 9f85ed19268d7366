import { StemmaError } from '../errors/stemma-error.js'
import type { JsonValue } from '../schemas/json-value.js'
import { dottedPath } from './dotted-path.js'
import { isDigestKey, secretByKey } from './secret-keys.js'
import { hasRandomRun, secretShapeOf } from './secret-shapes.js'

export { redactUrl } from './redact-url.js'

/** A text that looks like a secret: where it is and why. Never the text itself. */
export interface SecretFinding {
  /** Dotted path of the value. A key that itself looks like a secret is shown as `<hidden>`. */
  path: string
  why: string
}

/**
 * Finds the texts of a value that look like secrets: by the shapes of well-known tokens and keys, by addresses with a password or
 * a signature, by keys such as `password` or `apiKey`, and by randomness. It errs on both sides; see docs/security.md.
 *
 * @param what prefix of the paths; may be empty.
 */
export function findSecrets(value: JsonValue, what: string): SecretFinding[] {
  return [...scan(value, what, '')].map(({ path, why }) => ({ path, why }))
}

/**
 * Refuses a value that has something like a secret in it: what is once in a journal can never be taken out again.
 *
 * @param what the value, for messages and as prefix of the paths; may be empty.
 * @param allowed what the caller vouches for: dotted paths (with or without `what`; all below them as well), or the texts themselves.
 * @throws {StemmaError} SECRET_IN_METADATA naming paths and reasons, never the values.
 * @example
 * ```ts
 * assertNoSecrets({ tokenizer_key: 'Zq3…' }, 'params', ['params.tokenizer_key'])
 * ```
 */
export function assertNoSecrets(value: JsonValue, what: string, allowed: readonly string[]): void {
  const findings = [...scan(value, what, '')].filter(
    ({ path, text }) => !allowed.some((entry) => entry === text || isBelow(path, entry, what))
  )
  const [first] = findings
  if (!first) return
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : ''
  throw new StemmaError('SECRET_IN_METADATA', `${first.path === '' ? 'a text' : first.path} looks like a secret: ${first.why}${more}`, {
    hint: `Leave it out: what is logged can never be taken back. If it is none, allow it: allowSecretsAt: [${JSON.stringify(first.path)}].`,
    details: { findings: findings.slice(0, 100).map(({ path, why }) => ({ path, why })) }
  })
}

function isBelow(path: string, entry: string, what: string): boolean {
  if (entry === '') return false
  return [entry, `${what}.${entry}`].some((allowed) => path === allowed || path.startsWith(`${allowed}.`) || path.startsWith(`${allowed}[`))
}

/** @param key the nearest key above the value, if any. */
function* scan(value: JsonValue, path: string, key: string): Generator<SecretFinding & { text: string }> {
  if (typeof value === 'string') {
    const why =
      secretShapeOf(value) ?? secretByKey(key, value) ?? (hasRandomRun(value) && !isDigestKey(key) ? 'it looks random' : undefined)
    if (why !== undefined) yield { path, why, text: value }
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* scan(item, dottedPath(path, index), key)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) yield* scanEntry(name, item, path)
  }
}

function* scanEntry(name: string, item: JsonValue, path: string): Generator<SecretFinding & { text: string }> {
  const why = secretShapeOf(name)
  if (why === undefined) {
    yield* scan(item, dottedPath(path, name), name)
    return
  }
  const hidden = dottedPath(path, '<hidden>')
  yield { path: hidden, why: `the key is ${why}`, text: name }
  yield* scan(item, hidden, '')
}
