import { StemmaError } from '../errors/stemma-error.js'
import type { Selector } from '../schemas/reference.js'
import { isLabel } from './label.js'
import { quote } from './quote.js'
import { readVersionText } from './version-selector.js'

const WANTED = 'a version (1.0.2), a range (^1.2), latest, a stage, an alias or sha256:<64 hex digits>'

/** An INVALID_REFERENCE error about a reference as the caller wrote it. */
export function referenceError(reference: string, problem: string, hint?: string): StemmaError {
  return new StemmaError('INVALID_REFERENCE', `reference ${quote(reference)} ${problem}`, {
    hint: hint ?? 'Write name, name@version, name@range, name@stage, name@alias, name@sha256:<hex> or name#sequence.',
    details: { reference }
  })
}

/**
 * Reads what stands after the `@` of a reference.
 *
 * @param reference the whole reference, for messages.
 * @throws {StemmaError} INVALID_REFERENCE
 */
export function readSelector(text: string, reference: string): Selector {
  const trimmed = text.trim()
  if (trimmed === '') throw referenceError(reference, `has nothing after "@"; wanted ${WANTED}`)
  if (/^(?:sha256|sha512|sha1|md5|blake3):/i.test(trimmed)) return readDigest(trimmed, reference)
  return readVersionSelector(trimmed, reference) ?? readAlias(trimmed, 'label', reference)
}

/**
 * Reads what stands after the `#` of a reference: 1, 2, 3 …
 *
 * @throws {StemmaError} INVALID_REFERENCE
 */
export function readSequence(text: string, reference: string): Selector {
  const sequence = /^[1-9][0-9]*$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(sequence)) return { kind: 'sequence', sequence }
  throw referenceError(reference, `has ${quote(text)} after "#"; wanted the number of a version in its model: 1, 2, 3 …`)
}

/**
 * Reads an exact version, a range, or `latest`.
 *
 * @throws {StemmaError} INVALID_REFERENCE
 */
export function readVersion(text: string, reference: string): Selector {
  const selector = readVersionSelector(text.trim(), reference)
  if (selector) return selector
  throw referenceError(reference, `has the version ${quote(text)}; wanted a version (1.0.2), a range (^1.2) or latest`)
}

/**
 * Reads `sha256:` and 64 hex digits.
 *
 * @throws {StemmaError} INVALID_REFERENCE
 */
export function readDigest(text: string, reference: string): Selector {
  const digest = text.trim().toLowerCase()
  if (/^sha256:[0-9a-f]{64}$/.test(digest)) return { kind: 'digest', digest }
  const hex = /^sha256:([0-9a-f]*)$/.exec(digest)?.[1]
  const found = hex === undefined ? `has the digest ${quote(text)}` : `has a digest of ${hex.length} hex digits`
  throw referenceError(
    reference,
    `${found}; wanted sha256: and all 64 hex digits`,
    'Take the whole digest from ModelVersion.digest; a part of one is not enough.'
  )
}

/**
 * Reads a stage or an alias.
 *
 * @param kind what it is called in messages; `label` where either is meant.
 * @throws {StemmaError} INVALID_REFERENCE
 */
export function readAlias(text: string, kind: 'stage' | 'alias' | 'label', reference: string): Selector {
  if (!isLabel(text)) {
    const wanted = kind === 'label' ? `after "@"; wanted ${WANTED}` : `as ${kind}; wanted letters, digits, ".", "_" and "-"`
    throw referenceError(reference, `has ${quote(text)} ${wanted}`)
  }
  if (text === 'latest' || readVersionText(text)) {
    throw referenceError(reference, `has ${quote(text)} as ${kind}, which reads as a version`, `Give it as version: ${quote(text)}.`)
  }
  return { kind: 'label', label: text }
}

function readVersionSelector(text: string, reference: string): Selector | undefined {
  if (text === 'latest') return { kind: 'latest' }
  const found = readVersionText(text)
  if (found?.kind === 'build') {
    throw referenceError(
      reference,
      `has build metadata ("+") in ${quote(text)}, which does not tell versions apart`,
      `Write ${quote(text.replaceAll(/\+[0-9A-Za-z.-]+/g, ''))}.`
    )
  }
  return found
}
