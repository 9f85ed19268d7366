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
  // A cursor that comes again leads around for ever. One is remembered, each time for twice as many pages: so every circle is noticed.
  let remembered: string | undefined
  let renewAt = 1
  for (let page = 1; ; page += 1) {
    const { items, next } = await read(cursor)
    yield* items
    if (next === null) return
    if (next === cursor || next === remembered || items.length === 0) {
      throw new StemmaError('PROTOCOL_ERROR', 'the pages of a list have no end', { hint: 'The server, or something between, answers another question than was asked.' })
    }
    if (page === renewAt) {
      remembered = next
      renewAt *= 2
    }
    cursor = next
  }
}
