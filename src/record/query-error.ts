import { StemmaError } from '../errors/stemma-error.js'

const MAX_SHOWN_LINE = 100
const MAX_SHOWN_TEXT = 60

/** Ends a parse with an error that says where in the query it is. */
export type Fail = (message: string, hint: string) => never

/** A part of a query's text: UTF-16 offsets, `end` exclusive. */
export interface Span {
  start: number
  end: number
}

/**
 * An error about a place in the text of a query. Its message shows the line and points at the place:
 *
 * ```text
 * where, line 1, column 16: a value is missing before "and"
 *   metrics.auc >= and stage = 'production'
 *                  ^^^
 * ```
 */
export function queryTextError(what: string, text: string, span: Span, message: string, hint: string): StemmaError {
  const lineStart = text.lastIndexOf('\n', span.start - 1) + 1
  const newline = text.indexOf('\n', span.start)
  const lineEnd = newline === -1 ? text.length : newline
  const line = text.slice(0, lineStart).split('\n').length
  const column = span.start - lineStart + 1

  const from = Math.max(lineStart, Math.min(span.start - MAX_SHOWN_LINE / 2, lineEnd - MAX_SHOWN_LINE))
  const to = Math.min(lineEnd, from + MAX_SHOWN_LINE)
  const before = from > lineStart ? '…' : ''
  const after = to < lineEnd ? '…' : ''
  const carets = '^'.repeat(Math.max(1, Math.min(span.end, to) - span.start))
  const shown = `  ${before}${printable(text.slice(from, to))}${after}\n  ${' '.repeat(before.length + span.start - from)}${carets}`

  return new StemmaError('INVALID_QUERY', `${what}, line ${line}, column ${column}: ${message}\n${shown}`, {
    hint,
    details: { position: span.start, line, column, found: printable(text.slice(span.start, span.end).slice(0, MAX_SHOWN_TEXT)) }
  })
}

/** An error about an entry of a typed query, named by where it stands: `where.or[1]["metrics.auc"].gte`. */
export function queryEntryError(where: string, message: string, hint: string): StemmaError {
  return new StemmaError('INVALID_QUERY', `${printable(where)}: ${message}`, { hint, details: { at: where } })
}

/** A text as part of an error message: on one line and not too long. */
export function quoteForMessage(text: string): string {
  const shown = text.length > MAX_SHOWN_TEXT ? `${text.slice(0, MAX_SHOWN_TEXT)}…` : text
  return `"${printable(shown)}"`
}

/** One column each, so that carets stay below what they point at. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
}
