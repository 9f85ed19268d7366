import { LineCounter, parseDocument, visit } from 'yaml'
import { isStemmaError, StemmaError } from '../errors/stemma-error.js'
import { isNestedTooDeep } from '../record/yaml-nesting.js'

const HINT = 'Indent by spaces, and quote text that has ": " in it.'
const TOO_DEEP = 'is YAML that is nested too deep, or has aliases that cannot be unfolded'
const TOO_DEEP_HINT = 'Write out what they stand for.'

/**
 * Reads YAML from outside, and refuses what the parser would change without a word, or with a warning only: bytes that are not UTF-8, an
 * integer beyond 2^53 (it rounds), a tag that it does not know, a key that is a list or an object; and aliases that unfold without end.
 *
 * @param what the document, for messages
 * @throws {StemmaError} INVALID_INPUT saying where. Nothing of the document's values is in the message.
 */
export function parseYamlStrictly(bytes: Uint8Array, what: string): unknown {
  const lines = new LineCounter()
  const refusal = (problem: string, hint: string, offset?: number): StemmaError => {
    const place = offset === undefined ? undefined : lines.linePos(offset)
    return new StemmaError('INVALID_INPUT', `${what} ${problem}${place === undefined ? '' : `, see line ${place.line}, column ${place.col}`}`, { hint })
  }
  const text = decode(bytes)
  if (text === undefined) throw refusal('is not UTF-8', 'Write it as UTF-8.')
  if (isNestedTooDeep(text)) throw refusal(TOO_DEEP, TOO_DEEP_HINT)
  try {
    const document = parseDocument(text, { intAsBigInt: true, logLevel: 'error', lineCounter: lines })
    const flaw = document.errors[0] ?? document.warnings[0]
    if (flaw !== undefined) throw refusal('is not YAML that can be read', HINT, flaw.pos[0])
    visit(document, {
      Scalar: (_key, scalar) => {
        if (typeof scalar.value !== 'bigint') return
        const number = Number(scalar.value)
        if (!Number.isSafeInteger(number)) throw refusal('has an integer that is too large to be kept exactly', 'Quote it: text is kept as it is.', scalar.range?.[0])
        scalar.value = number
      },
      Collection: (key, { range }) => {
        if (key === 'key') throw refusal('has a key that is a list or an object', HINT, range?.[0])
      }
    })
    return document.toJS() as unknown
  } catch (error) {
    // The parser's own errors quote the document, which may hold anything.
    throw isStemmaError(error) ? error : refusal(TOO_DEEP, TOO_DEEP_HINT)
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
