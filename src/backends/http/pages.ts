import { StemmaError } from '../../errors/stemma-error.js'

/** A page of a list. */
export interface Page<T> {
  items: T[]
  /** The cursor of the next page; `null` on the last. */
  next: string | null
}

/**
 * All items of a list that comes in pages.
 *
 * @param read gets the cursor, `undefined` for the first page.
 * @throws {StemmaError} PROTOCOL_ERROR for a server whose pages never end.
 */
export async function* allPages<T>(read: (cursor: string | undefined) => Promise<Page<T>>): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined
  for (;;) {
    const { items, next } = await read(cursor)
    yield* items
    if (next === null) return
    if (next === cursor || items.length === 0) {
      throw new StemmaError('PROTOCOL_ERROR', 'the pages of a list have no end', { hint: 'The server, or something between, answers another question than was asked.' })
    }
    cursor = next
  }
}
