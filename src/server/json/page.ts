import { StemmaError } from '../../errors/stemma-error.js'
import { parseJsonStrictly } from '../../record/parse-json.js'
import { parse } from '../../schemas/parse.js'
import { MAX_PAGE, PAGE_BYTES } from '../../wire/limits.js'
import type * as z from 'zod'

/** A page as text: its items were turned into JSON once, to be counted. */
export type PageText = string

/** How a page is cut from all items. */
export interface PageRules<T> {
  /** Most items. @default 1_000 */
  limit?: number | undefined
  /** Items up to this one were on the pages before. */
  isBefore?: ((item: T) => boolean) | undefined
  /** What goes over the wire. */
  encode: (item: T) => unknown
  /** Where the next page begins, when this item is the last one. */
  cursorAfter: (item: T) => unknown
}

/**
 * Cuts a page: it ends at its limit, or at 4 MiB of JSON when that comes first, and has one item at least.
 *
 * @returns `{"items":[…],"next":…}`
 */
export async function cutPage<T>(items: AsyncIterable<T>, { limit = MAX_PAGE, isBefore, encode, cursorAfter }: PageRules<T>): Promise<PageText> {
  const texts: string[] = []
  let bytes = 0
  let last: T | undefined
  let next: string | null = null
  for await (const item of items) {
    if (isBefore?.(item) === true) continue
    const text = JSON.stringify(encode(item))
    bytes += Buffer.byteLength(text) + 1
    if (last !== undefined && (texts.length >= limit || bytes > PAGE_BYTES)) {
      next = encodeCursor(cursorAfter(last))
      break
    }
    texts.push(text)
    last = item
  }
  return `{"items":[${texts.join(',')}],"next":${JSON.stringify(next)}}`
}

/** What a cursor holds, by its schema. @throws {StemmaError} INVALID_INPUT for what this server never gave out. */
export function readCursor<T extends z.ZodType>(cursor: string | undefined, schema: T): z.output<T> | undefined {
  if (cursor === undefined) return undefined
  const hint = 'Pass the next of the page before, unchanged, with the same query.'
  if (!/^[A-Za-z0-9_-]+$/.test(cursor)) throw new StemmaError('INVALID_INPUT', 'the cursor is not one of this registry', { hint })
  return parse(schema, parseJsonStrictly(Buffer.from(cursor, 'base64url'), 'the cursor'), { what: 'the cursor', hint })
}

function encodeCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
