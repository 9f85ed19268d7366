const MAX_COMPARED_LENGTH = 64

/**
 * The known names in the order of their likeness to `wanted`, nearest first; equally near ones stay in the given order.
 * For the suggestions of error messages: case does not count, and of long names only the first 64 characters do.
 *
 * @example
 * ```ts
 * nearestNames('metric.auc', ['tags', 'metrics', 'params'])[0] // 'metrics'
 * ```
 */
export function nearestNames(wanted: string, known: Iterable<string>): string[] {
  return Array.from(known, (name) => ({ name, distance: editDistance(fold(wanted), fold(name)) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ name }) => name)
}

/** Whether two names are so near that one is likely a slip for the other. */
export function isNearName(wanted: string, name: string): boolean {
  const distance = editDistance(fold(wanted), fold(name))
  return distance <= Math.max(1, Math.floor(Math.min(wanted.length, name.length) / 3))
}

function fold(name: string): string {
  return name.slice(0, MAX_COMPARED_LENGTH).toLowerCase()
}

/** Levenshtein's distance, row by row. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? a.length
}
