import type { VersionSummary } from '../schemas/model-version.js'
import type { ParsedSearch } from '../schemas/search.js'
import { compileAfter, compileOrder } from './compile-order.js'
import { compileAnyValue, compilePlainValue, NOT_PLAIN } from './field-values.js'
import { compileRowFilter, type AnyValueCompiler } from './match-filter.js'
import type { FieldSource } from './search-fields.js'
import { selectTop } from './select-top.js'

/** Fields whose values are kept; the one that was not asked for the longest goes first. */
const MOST_COLUMNS = 16

/** Versions that many searches run over. */
export interface VersionTable {
  /** In no special order. */
  readonly versions: readonly VersionSummary[]
  /** What `runSearch` answers. `includeDeleted` is not heeded: the table has the versions that count. */
  search(query: Pick<ParsedSearch, 'filter' | 'orderBy' | 'limit' | 'after'>): VersionSummary[]
}

/**
 * Makes a table of versions, none of which may change afterwards. It keeps the values of fields that were asked for side by side: one
 * that is asked for again is read from one place in memory, and not from one for each version.
 */
export function createVersionTable(versions: readonly VersionSummary[]): VersionTable {
  const columns = new Map<string, readonly unknown[]>()
  const columnOf = (source: FieldSource): readonly unknown[] => {
    const key = JSON.stringify(source.path)
    const column = columns.get(key) ?? versions.map(compilePlainValue(source))
    // A Map keeps the order of insertion, and what is asked for is put in anew.
    columns.delete(key)
    columns.set(key, column)
    const [oldest] = columns.keys()
    if (columns.size > MOST_COLUMNS && oldest !== undefined) columns.delete(oldest)
    return column
  }
  const compileAny: AnyValueCompiler<number> = (source, test) => {
    const column = columnOf(source)
    const testVersion = compileAnyValue(source, test)
    return (index) => {
      const value = column[index]
      if (value !== NOT_PLAIN) return test(value)
      const version = versions[index]
      return version !== undefined && testVersion(version)
    }
  }
  return {
    versions,
    search({ filter, orderBy, limit, after }) {
      const passes = compileRowFilter(filter, compileAny)
      const found = versions.filter((_, index) => passes(index))
      return selectTop(after === undefined ? found : found.filter(compileAfter(orderBy, after)), compileOrder(orderBy), limit)
    }
  }
}
