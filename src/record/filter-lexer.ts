import { scanFieldPath, scanQuoted } from './field-path.js'
import { queryTextError, quoteForMessage, type Span } from './query-error.js'

/** The words that are not field names, in any case of letters. */
export type Keyword = 'and' | 'or' | 'not' | 'in' | 'like' | 'exists' | 'true' | 'false'
/** The signs of the grammar. */
export type QuerySymbol = '(' | ')' | ',' | '=' | '!=' | '<' | '<=' | '>' | '>='

/** A piece of a query's text. */
export type Token = Span &
  (
    | { kind: 'field'; path: string[]; bare: boolean }
    | { kind: 'keyword'; word: Keyword }
    | { kind: 'symbol'; symbol: QuerySymbol }
    | { kind: 'text'; value: string }
    | { kind: 'number'; value: number }
    | { kind: 'end' }
  )

const KEYWORDS: ReadonlyMap<string, Keyword> = new Map(
  (['and', 'or', 'not', 'in', 'like', 'exists', 'true', 'false'] as const).map((word) => [word, word])
)
const SYMBOLS: ReadonlyMap<string, QuerySymbol> = new Map(
  (['(', ')', ',', '=', '!=', '<', '<=', '>', '>='] as const).map((symbol) => [symbol, symbol])
)
/** What people write who come from other languages. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ['==', 'Write = for equal'],
  ['<>', 'Write != for not equal'],
  ['=<', 'Write <='],
  ['=>', 'Write >='],
  ['&', 'Write and'],
  ['&&', 'Write and'],
  ['|', 'Write or'],
  ['||', 'Write or'],
  ['!', 'Write not'],
  [':', 'Write = between a field and its value'],
  ['~', 'Write like'],
  ['=~', 'Write like'],
  [';', 'Leave it out: there is one filter only']
])

const SPACE = /\s+/uy
/** No operator is longer, and a long run of signs must not be read anew for each of them. */
const SIGNS = /[=!<>&|:~;]{1,3}/uy
const NUMBER = /-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/uy
const NUMBER_START = /[-.\d]/
const RUN_ON = /[\p{L}\p{N}_.:+-]+/uy
const TYPOGRAPHIC_QUOTE = /[‘’‚‛“”„«»´]/

/**
 * Cuts the text of a filter or order into tokens, the last of kind `end`. Takes time in proportion to the text's length.
 *
 * @param what What the text is, for errors: `where`, `orderBy`.
 * @throws {StemmaError} INVALID_QUERY pointing at the first character that begins no token.
 */
export function readTokens(what: string, text: string): Token[] {
  const tokens: Token[] = []
  let at = skipSpace(text, 0)
  while (at < text.length) {
    const token = readToken(what, text, at)
    tokens.push(token)
    at = skipSpace(text, token.end)
  }
  tokens.push({ kind: 'end', start: text.length, end: text.length })
  return tokens
}

function readToken(what: string, text: string, start: number): Token {
  const fail = (span: Span, message: string, hint: string): never => {
    throw queryTextError(what, text, span, message, hint)
  }
  const first = text.charAt(start)
  if (first === "'") {
    const quoted = scanQuoted(text, start)
    if (!quoted) return fail({ start, end: start + 1 }, "the text is never closed by another '", "Write '' for a ' inside the text")
    return { kind: 'text', value: quoted.value, start, end: quoted.end }
  }
  if (NUMBER_START.test(first)) return readNumber(text, start, fail)

  const sign = matchAt(SIGNS, text, start) ?? first
  const symbol = SYMBOLS.get(sign) ?? (SYMBOLS.has(first) && !FOREIGN.has(sign) ? longestSymbol(sign) : undefined)
  if (symbol !== undefined) return { kind: 'symbol', symbol, start, end: start + symbol.length }
  const foreign = FOREIGN.get(sign) ?? FOREIGN.get(first)
  if (foreign !== undefined) return fail({ start, end: start + sign.length }, `${quoteForMessage(sign)} is not an operator here`, foreign)
  if (TYPOGRAPHIC_QUOTE.test(first)) {
    return fail({ start, end: start + 1 }, 'this quotation mark has no meaning here', "Use the straight ones: 'text', \"field name\"")
  }

  const scan = scanFieldPath(text, start)
  if (!scan.ok) {
    const message = scan.start === start && first !== '"' && first !== '`' ? `${quoteForMessage(charAt(text, start))} has no meaning here` : scan.message
    return fail(scan, message, scan.hint)
  }
  const keyword = scan.bare ? KEYWORDS.get(text.slice(start, scan.end).toLowerCase()) : undefined
  if (keyword !== undefined) return { kind: 'keyword', word: keyword, start, end: scan.end }
  return { kind: 'field', path: scan.path, bare: scan.bare, start, end: scan.end }
}

function readNumber(text: string, start: number, fail: (span: Span, message: string, hint: string) => never): Token {
  const digits = matchAt(NUMBER, text, start) ?? ''
  const runOn = matchAt(RUN_ON, text, start + digits.length) ?? ''
  const end = start + Math.max(1, digits.length + runOn.length)
  if (digits === '' || runOn !== '') {
    const found = text.slice(start, end)
    const hint = `Text, versions and dates go into single quotes: '${found.slice(0, 40)}'`
    return fail({ start, end }, `${quoteForMessage(found)} is not a number`, hint)
  }
  const value = Number(digits)
  if (!Number.isFinite(value)) return fail({ start, end }, `${quoteForMessage(digits)} is beyond what a number can hold`, 'Write a smaller one')
  return { kind: 'number', value: value === 0 ? 0 : value, start, end }
}

/** `=-1` and `=(` are two tokens each, so a run of signs is cut where the longest symbol ends. */
function longestSymbol(signs: string): QuerySymbol | undefined {
  return SYMBOLS.get(signs.slice(0, 2)) ?? SYMBOLS.get(signs.slice(0, 1))
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

function skipSpace(text: string, at: number): number {
  return at + (matchAt(SPACE, text, at)?.length ?? 0)
}

function charAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0)
}
