import { formatFieldPath } from '../../record/field-path.js'
import type { Filter, Where } from '../../schemas/search.js'

/**
 * A filter in the typed form, for a body of JSON: `parseSearch` reads it again as the same filter. Unlike the text form it has no limit of
 * its own on length, so that every filter that a caller may give can be sent.
 */
export function filterToWhere(filter: Filter): Where {
  switch (filter.kind) {
    case 'and':
      return { and: filter.filters.map(filterToWhere) }
    case 'or':
      return { or: filter.filters.map(filterToWhere) }
    case 'not':
      return { not: filterToWhere(filter.filter) }
    case 'compare': {
      const { operator, value } = filter
      const operand = operator === 'in' && !Array.isArray(value) ? [value] : value
      return Object.fromEntries([[formatFieldPath(filter.field), Object.fromEntries([[operator, operand]])]])
    }
  }
}
