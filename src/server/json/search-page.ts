import { createHash } from 'node:crypto'
import * as z from 'zod'
import { StemmaError } from '../../errors/stemma-error.js'
import { compilePosition } from '../../record/compile-order.js'
import { parseSearch } from '../../record/parse-search.js'
import { parse } from '../../schemas/parse.js'
import { searchPositionSchema, type ParsedSearch, type SearchQuery } from '../../schemas/search.js'
import { canonicalJson } from '../../util/canonical-json.js'
import { MAX_PAGE } from '../../wire/limits.js'
import { searchBodySchema } from '../../wire/messages.js'
import type { Call, ServerContext } from '../context.js'
import { readJson } from '../read-json.js'
import { cutPage, readCursor } from './page.js'
import { toWire } from './to-wire.js'

const cursorSchema = z.strictObject({
  after: searchPositionSchema,
  /** How many were on the pages before. */
  given: z.int().nonnegative(),
  /** Of the query, which must be the same on every page. */
  query: z.string()
})

/** Whatever it holds is checked, and told to the caller, by `parseSearch`. */
const anyQuerySchema = z.custom<SearchQuery>((value) => typeof value === 'object')

/** A page of a search: the cursor tells the place in the order where the one before ended. */
export async function searchPage({ backend }: ServerContext, call: Call): Promise<string> {
  const { cursor, pageSize = MAX_PAGE, ...query } = await readJson(call, searchBodySchema)
  const search = parseSearch(parse(anyQuerySchema, query, { what: 'search' }))
  const digest = digestOf(search)
  const place = readCursor(cursor, cursorSchema)
  if (place !== undefined && (place.query !== digest || place.after.keys.length !== search.orderBy.length)) {
    throw new StemmaError('INVALID_INPUT', 'search: the cursor is that of another query', { hint: 'Send the query of the first page with every page.' })
  }
  const before = place?.given ?? 0
  const left = search.limit === undefined ? Infinity : Math.max(0, search.limit - before)
  const size = Math.min(pageSize, left)
  const positionOf = compilePosition(search.orderBy)
  let given = 0
  // One more than the page has shows whether there is a next one.
  const found = backend.search({ ...search, limit: size === left ? size : size + 1, after: place?.after }, { signal: call.signal })
  return cutPage(found, {
    limit: size,
    encode: (version) => {
      given += 1
      return toWire(version)
    },
    // What was encoded last is what did not fit any more.
    cursorAfter: (last) => ({ after: positionOf(last), given: before + given - 1, query: digest })
  })
}

function digestOf({ filter, orderBy, limit, includeDeleted }: ParsedSearch): string {
  return createHash('sha256').update(canonicalJson({ filter, orderBy, limit: limit ?? null, includeDeleted })).digest('base64url').slice(0, 22)
}
