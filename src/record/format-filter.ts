import type { Filter, Operator } from '../schemas/search.js'
import type { Scalar } from './check-comparison.js'
import { formatFieldPath } from './field-path.js'

const SYMBOLS: Record<Exclude<Operator, 'in' | 'like' | 'exists'>, string> = { eq: '=', ne: '!=', lt: '<', lte: '<=', gt: '>', gte: '>=' }

/**
 * A filter as text, for people and logs. Text that `parseSearch` reads again as the same filter.
 *
 * @example
 * ```ts
 * formatFilter(parseSearch({ where: { 'metrics.auc': { gte: 0.9 }, not: { stage: 'archived' } } }).filter)
 * // metrics.auc >= 0.9 and not stage = 'archived'
 * ```
 */
export function formatFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'compare':
      return formatComparison(filter.field, filter.operator, filter.value)
    case 'not':
      return `not ${formatMember(filter.filter, 'not')}`
    case 'and':
    case 'or':
      if (filter.filters.length === 0) return filter.kind === 'and' ? 'true' : 'false'
      return filter.filters.map((member) => formatMember(member, filter.kind)).join(` ${filter.kind} `)
  }
}

/** In parentheses where the parent binds closer. */
function formatMember(filter: Filter, parent: 'and' | 'or' | 'not'): string {
  const text = formatFilter(filter)
  if (filter.kind === 'compare' || filter.kind === 'not' || filter.filters.length === 0) return text
  return parent === 'or' && filter.kind === 'and' ? text : `(${text})`
}

function formatComparison(path: readonly string[], operator: Operator, value: Scalar | readonly Scalar[]): string {
  const field = formatFieldPath(path)
  if (operator === 'exists') return value === false ? `${field} not exists` : `${field} exists`
  if (typeof value === 'object') return `${field} in (${value.map(formatScalar).join(', ')})`
  if (operator === 'in') return `${field} in (${formatScalar(value)})`
  return `${field} ${operator === 'like' ? 'like' : SYMBOLS[operator]} ${formatScalar(value)}`
}

function formatScalar(value: Scalar): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value)
}
