import { StemmaError } from '../../errors/stemma-error.js'

/** What the `Content-Disposition` of a part says. */
export interface Disposition {
  name: string
  /** As it was sent: with its folders, nothing decoded. */
  filename: string | undefined
}

const PARAMETER = /^;[ \t]*([a-zA-Z]+\*?)=(?:"([^"\r\n]*)"|([^\s;"\\]+))[ \t]*/

/**
 * Reads the `Content-Disposition` of a part, as browsers, curl and the package form-data write it: `form-data; name="…"; filename="…"`. Anything
 * else is refused, and so are names that were changed on the way, as `%22` for a quotation mark: what they were cannot be told.
 *
 * @param header one character for each byte.
 * @throws {StemmaError} INVALID_INPUT
 */
export function readDisposition(header: string): Disposition {
  const type = /^form-data[ \t]*/i.exec(header)?.[0]
  if (type === undefined) throw invalid('is not form-data')
  const found = new Map<string, string>()
  let rest = header.slice(type.length)
  while (rest !== '') {
    const [whole, key = '', quoted, token = ''] = PARAMETER.exec(rest) ?? []
    if (whole === undefined) throw invalid('cannot be read')
    const parameter = key.toLowerCase()
    if (found.has(parameter)) throw invalid(`has ${parameter} twice`)
    if (parameter !== 'name' && parameter !== 'filename') throw invalid(`has the parameter ${parameter}, which is not known here`)
    found.set(parameter, utf8(quoted ?? token))
    rest = rest.slice(whole.length)
  }
  const name = found.get('name')
  if (name === undefined) throw invalid('has no name')
  return { name, filename: found.get('filename') }
}

/** The boundary that a `Content-Type` of multipart/form-data tells. @throws {StemmaError} INVALID_INPUT */
export function readBoundary(contentType: string | undefined): string {
  const [, quoted, token] = /^multipart\/form-data[ \t]*;[ \t]*boundary=(?:"([^"]*)"|([^\s;"]*))[ \t]*$/i.exec(contentType ?? '') ?? []
  const boundary = quoted ?? token ?? ''
  // RFC 2046.
  if (/^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/.test(boundary)) return boundary
  throw new StemmaError('INVALID_INPUT', 'Content-Type: wanted multipart/form-data with a boundary of 1 to 70 characters and nothing else', {
    hint: 'Let your HTTP client make the body, as curl -F does.'
  })
}

function utf8(text: string): string {
  if (/%(?:22|0d|0a)/i.test(text)) throw invalid('has a quotation mark or a line break in a name')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, 'latin1'))
  } catch {
    throw invalid('is not UTF-8')
  }
}

function invalid(problem: string): StemmaError {
  return new StemmaError('INVALID_INPUT', `the Content-Disposition of a part ${problem}`, {
    hint: 'Wanted form-data; name="…" and, for a file, filename="…", in UTF-8.'
  })
}
