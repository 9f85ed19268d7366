import { types } from 'node:util'
import { StemmaError, isStemmaError } from '../errors/stemma-error.js'
import { parse } from '../schemas/parse.js'
import { referenceInputSchema, type Reference, type ReferenceInput, type Selector } from '../schemas/reference.js'
import { checkAudience } from './audience.js'
import { checkModelName } from './model-name.js'
import { quote } from './quote.js'
import { readInstant } from './read-instant.js'
import { readAlias, readDigest, readSelector, readSequence, readVersion, referenceError } from './read-selector.js'

const MAX_LENGTH = 2_048

/**
 * Reads a reference as people write it: `name`, `name@1.0.2`, `name@^1.2`, `name@latest`, `name@production`, `name@<alias>`,
 * `name@sha256:<64 hex>`, `name#3`, each with `?audience=<audience>` (only after `@production`) and `?at=<ISO date>`.
 * A date means its start in UTC. Query values may be percent-encoded; a `+` is a plus.
 *
 * @throws {StemmaError} INVALID_REFERENCE saying what was wanted; INVALID_NAME for the name in it.
 * @example
 * ```ts
 * parseReference('risk/credit-score@production?audience=berlin&at=2026-03-01')
 * ```
 */
export function parseReference(text: string): Reference {
  if (typeof text !== 'string' || text === '')
    throw referenceError(text, 'is not a text with a model name', 'Write for instance credit-score@production.')
  if (text.length > MAX_LENGTH) throw referenceError(text, `has ${text.length} characters, more than ${MAX_LENGTH}`)
  refuseForeign(text)

  const question = text.indexOf('?')
  const target = question === -1 ? text : text.slice(0, question)
  const mark = target.search(/[@#]/)
  const name = checkModelName(mark === -1 ? target : target.slice(0, mark))
  const selector = mark === -1 ? latest : readMarked(target.slice(mark), text)
  const query = question === -1 ? new Map<string, string>() : readQuery(text.slice(question + 1), text)
  return complete(name, selector, query.get('audience'), query.get('at'), text)
}

/**
 * A reference from its text, or from its object form: `name` and at most one of `version` (also a range), `sequence`, `digest`,
 * `stage` and `alias`, with `audience` and `at` (ISO text or Date). A version that a verb gave is a reference to itself.
 *
 * @throws {StemmaError} INVALID_REFERENCE, INVALID_NAME
 * @example
 * ```ts
 * toReference({ name: 'credit-score', stage: 'production', audience: 'berlin' })
 * ```
 */
export function toReference(input: string | ReferenceInput): Reference {
  if (typeof input === 'string') return parseReference(input)
  if (isVersion(input)) return complete(checkModelName(input.name), readVersion(input.version, input.name), undefined, undefined, input.name)
  const parts = parse(referenceInputSchema, input, {
    what: 'reference',
    code: 'INVALID_REFERENCE',
    hint: 'Give a text such as credit-score@production, or { name } with one of version, sequence, digest, stage and alias.'
  })
  const shown = `{ name: ${quote(parts.name)} }`
  const chosen = selectorsOf(parts, shown)
  if (chosen.length > 1)
    throw referenceError(shown, 'has more than one of version, sequence, digest, stage and alias', 'Give only one of them.')
  const at = types.isDate(parts.at) ? dateText(parts.at, shown) : parts.at
  return complete(checkModelName(parts.name), chosen[0] ?? latest, parts.audience, at, shown)
}

/** What a verb returned: it has version, sequence and creation at once, which no other form has. */
function isVersion(input: unknown): input is { name: string; version: string } {
  if (typeof input !== 'object' || input === null || !('createdAt' in input && 'sequence' in input)) return false
  return 'name' in input && typeof input.name === 'string' && 'version' in input && typeof input.version === 'string'
}

const latest: Selector = { kind: 'latest' }

function selectorsOf(parts: ReferenceInput, shown: string): Selector[] {
  const selectors: Selector[] = []
  if (parts.version !== undefined) selectors.push(readVersion(parts.version, shown))
  if (parts.sequence !== undefined) selectors.push({ kind: 'sequence', sequence: parts.sequence })
  if (parts.digest !== undefined) selectors.push(readDigest(parts.digest, shown))
  if (parts.stage !== undefined) selectors.push(readAlias(parts.stage, 'stage', shown))
  if (parts.alias !== undefined) selectors.push(readAlias(parts.alias, 'alias', shown))
  return selectors
}

function dateText(date: Date, shown: string): string {
  if (Number.isNaN(date.getTime())) throw referenceError(shown, 'has an "at" that is an invalid Date')
  return date.toISOString()
}

/** Reads `@selector` or `#sequence`. */
function readMarked(marked: string, text: string): Selector {
  const rest = marked.slice(1)
  const second = /[@#]/.exec(rest)
  if (second)
    throw referenceError(
      text,
      `has a second "${second[0]}"`,
      'Name one version only: name@version, name@stage, name@alias or name#sequence.'
    )
  return marked.startsWith('#') ? readSequence(rest, text) : readSelector(rest, text)
}

function readQuery(query: string, text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const part of query.split('&')) {
    const equals = part.indexOf('=')
    const key = equals === -1 ? part : part.slice(0, equals)
    const value = equals === -1 ? '' : decode(part.slice(equals + 1), text)
    if (key !== 'audience' && key !== 'at')
      throw referenceError(
        text,
        `has the unknown part ${quote(key)} after "?"`,
        'Only audience=<audience> and at=<ISO date> can stand there, joined by "&".'
      )
    if (values.has(key)) throw referenceError(text, `says ${key} twice`)
    if (value === '') throw referenceError(text, `says ${key} without a value`)
    values.set(key, value)
  }
  return values
}

function decode(value: string, text: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw referenceError(text, `has the value ${quote(value)}, whose percent-encoding is broken`, 'Write a percent sign as %25.')
  }
}

function complete(name: string, selector: Selector, audience: string | undefined, at: string | undefined, text: string): Reference {
  const reference: Reference = { name, selector }
  if (audience !== undefined) reference.audience = readAudience(audience, selector, name, text)
  if (at !== undefined) {
    const instant = readInstant(at)
    if ('problem' in instant) throw referenceError(text, `says at=${quote(at)}, which ${instant.problem}`, instant.hint)
    reference.at = instant.at
  }
  return reference
}

function readAudience(audience: string, selector: Selector, name: string, text: string): string {
  if (selector.kind !== 'label' || selector.label !== 'production') {
    throw referenceError(
      text,
      'has an audience, which only the stage production knows',
      `Write ${name}@production?audience=${audience}, or leave the audience out.`
    )
  }
  try {
    return checkAudience(audience)
  } catch (error) {
    if (!isStemmaError(error, 'INVALID_INPUT')) throw error
    throw new StemmaError('INVALID_REFERENCE', `reference ${quote(text)}: ${error.message}`, {
      hint: error.hint,
      details: { reference: text }
    })
  }
}

/** What users of other registries write, with what it is here. */
function refuseForeign(text: string): void {
  const mlflow = /^models:\/{1,3}([^/@]+)(?:\/([^/]+)|@(.+))?$/.exec(text)
  if (mlflow) {
    const [, name = '', part, alias] = mlflow
    const wanted = alias ?? part?.toLowerCase()
    const selector = wanted === undefined ? '' : /^\d+$/.test(wanted) ? `#${wanted}` : `@${wanted}`
    throw referenceError(text, 'is an address of MLflow', `Write ${quote(name + selector)}.`)
  }
  const colon = /^([^@#?:=\s]+)(?::|==?)([^:=].*)$/.exec(text)
  if (colon) throw referenceError(text, 'has no "@" between name and version', `Write ${quote(`${colon[1] ?? ''}@${colon[2] ?? ''}`)}.`)
}
