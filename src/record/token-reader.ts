import type { Keyword, QuerySymbol, Token } from './filter-lexer.js'
import { queryTextError, quoteForMessage, type Fail, type Span } from './query-error.js'

/** Walks the tokens of a query's text and makes errors that point at them. */
export interface TokenReader {
  /** The token at hand. */
  peek(): Token
  /** The token at hand, and moves on; stays at the end. */
  next(): Token
  /** Moves on if the token at hand is this word or sign, and says whether it was. */
  take(word: Keyword | QuerySymbol): boolean
  /** Where the last token that was taken ends. */
  lastEnd(): number
  /** A token as part of a message. */
  show(token: Token): string
  /** @throws {StemmaError} INVALID_QUERY pointing at `span`. */
  fail(span: Span, message: string, hint: string): never
  /** {@link TokenReader.fail} for one place. */
  failAt(span: Span): Fail
}

/** Makes a {@link TokenReader}; `tokens` ends with one of kind `end`. */
export function createTokenReader(what: string, text: string, tokens: readonly Token[]): TokenReader {
  const end: Token = { kind: 'end', start: text.length, end: text.length }
  let index = 0
  const fail = (span: Span, message: string, hint: string): never => {
    throw queryTextError(what, text, span, message, hint)
  }
  const peek = (): Token => tokens[index] ?? end
  const next = (): Token => {
    const token = peek()
    if (token.kind !== 'end') index += 1
    return token
  }
  return {
    peek,
    next,
    take(word) {
      const token = peek()
      const found = (token.kind === 'keyword' && token.word === word) || (token.kind === 'symbol' && token.symbol === word)
      if (found) index += 1
      return found
    },
    lastEnd: () => tokens[index - 1]?.end ?? 0,
    show: (token) => (token.kind === 'end' ? 'the end' : quoteForMessage(text.slice(token.start, token.end))),
    fail,
    failAt: (span) => (message, hint) => fail(span, message, hint)
  }
}
