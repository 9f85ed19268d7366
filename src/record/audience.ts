import { StemmaError } from '../errors/stemma-error.js'
import { quote } from './quote.js'

const AUDIENCE = /^[A-Za-z0-9][A-Za-z0-9._:/=@,+~-]{0,127}$/

/** The audience that is meant where none is named. */
export const DEFAULT_AUDIENCE = 'default'

/**
 * Checks the name of those whom a production version serves: 1 to 128 ASCII letters, digits and `._:/=@,+~-`, starting with a
 * letter or digit, so that it stands in a reference without quoting. Case counts.
 *
 * @returns the same text.
 * @throws {StemmaError} INVALID_INPUT
 * @example
 * ```ts
 * checkAudience('site=berlin')
 * ```
 */
export function checkAudience(text: string): string {
  if (typeof text === 'string' && AUDIENCE.test(text)) return text
  throw new StemmaError(
    'INVALID_INPUT',
    `audience ${quote(text)} is not 1 to 128 ASCII letters, digits and "._:/=@,+~-", starting with a letter or digit`,
    { hint: 'Use an identifier, for instance site=berlin or bucket-b.', details: typeof text === 'string' ? { audience: text } : {} }
  )
}
