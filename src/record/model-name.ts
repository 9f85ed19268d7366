import { StemmaError } from '../errors/stemma-error.js'
import { quote } from './quote.js'

const MAX_LENGTH = 120
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/
const RULES = 'wanted: segments of ASCII letters, digits, ".", "_" and "-", joined by "/", each starting with a letter or digit'

/**
 * Checks the name of a model: segments joined by `/`, at most 120 characters in all. A segment has ASCII letters, digits, `.`,
 * `_` and `-`, starts with a letter or digit, does not end with a dot and has no two dots in a row.
 *
 * @returns the same name.
 * @throws {StemmaError} INVALID_NAME naming the rule, and a name that would do where one is near.
 * @example
 * ```ts
 * checkModelName('risk/credit-score')
 * ```
 */
export function checkModelName(name: string): string {
  const problem = nameProblem(name)
  if (problem === undefined) return name
  const suggestion = suggestName(name)
  throw new StemmaError('INVALID_NAME', `model name ${quote(name)} ${problem}; ${RULES}`, {
    hint: suggestion === undefined ? 'Choose another name, for instance risk/credit-score.' : `Use ${quote(suggestion)}.`,
    details: { ...(typeof name === 'string' ? { name } : {}), ...(suggestion === undefined ? {} : { suggestion }) }
  })
}

/**
 * The name of the folder that a model's journal lives in. No two names give the same folder, not even on a file system that
 * ignores case, and no folder has a name that Windows keeps for a device: `/` becomes `+`, a capital `X` becomes `!x`, and a
 * device name gets the prefix `!-`. At most 242 characters.
 *
 * @param name a name that passed {@link checkModelName}.
 */
export function encodeModelName(name: string): string {
  const encoded = name.replaceAll('/', '+').replaceAll(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`)
  const stem = encoded.split('.', 1).join('')
  return WINDOWS_DEVICE.test(stem) ? `!-${encoded}` : encoded
}

/**
 * The model whose folder this is: the inverse of {@link encodeModelName}.
 *
 * @returns `undefined` for a folder that {@link encodeModelName} never gives.
 */
export function decodeModelName(folder: string): string | undefined {
  const bare = folder.startsWith('!-') ? folder.slice(2) : folder
  const name = bare.replaceAll('+', '/').replaceAll(/!([a-z])/g, (_, letter: string) => letter.toUpperCase())
  // Encoding again settles every other spelling: a needless or missing prefix, a capital, a stray "!".
  return nameProblem(name) === undefined && encodeModelName(name) === folder ? name : undefined
}

function nameProblem(name: string): string | undefined {
  if (typeof name !== 'string') return 'is not a string'
  if (name === '') return 'is empty'
  if (name.length > MAX_LENGTH) return `has ${name.length} characters, more than ${MAX_LENGTH}`
  const grammar = /[@#?]/.exec(name)
  if (grammar) return `has a "${grammar[0]}", which starts another part of a reference`
  for (const segment of name.split('/')) {
    if (segment === '') return 'has an empty segment'
    if (!SEGMENT.test(segment)) return `has the segment ${quote(segment)}, which ${segmentProblem(segment)}`
    if (segment.endsWith('.')) return `has the segment ${quote(segment)}, which ends with a dot`
    if (segment.includes('..')) return `has the segment ${quote(segment)}, which has two dots in a row`
  }
  return undefined
}

function segmentProblem(segment: string): string {
  const wrong = /[^A-Za-z0-9._-]/u.exec(segment)
  return wrong ? `has the character ${quote(wrong[0])}` : 'does not start with a letter or digit'
}

/** The nearest name that is allowed, if enough of it is left to be recognized. */
function suggestName(name: string): string | undefined {
  if (typeof name !== 'string' || name.length > 2 * MAX_LENGTH) return undefined
  const bare = name.replace(/[@#?].*$/s, '')
  const suggestion = bare
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('\\', '/')
    .split('/')
    .map((segment) =>
      segment
        .replaceAll(/[^A-Za-z0-9._-]+/gu, '-')
        .replaceAll(/\.{2,}/g, '.')
        .replaceAll(/^[._-]+|[.-]+$/g, '')
    )
    .filter((segment) => segment !== '')
    .join('/')
  return suggestion !== name && nameProblem(suggestion) === undefined ? suggestion : undefined
}
