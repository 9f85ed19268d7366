const MAX_COMPARED_LENGTH = 64
const MAX_COMPARED_NAMES = 5_000

/**
 * The known names in the order of their likeness to `wanted`, nearest first; equally near ones stay in the given order.
 * For the suggestions of error messages: case does not count, and of what differs only the first 64 characters do.
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

/**
 * Of many paths those that are likely meant by `wanted`, best first: the same name in another folder, then slips. For "did you mean".
 *
 * @param limit @default 3
 */
export function nearPaths(wanted: string, paths: readonly string[], limit = 3): string[] {
  const isSame = (path: string): boolean => baseOf(path).toLowerCase() === baseOf(wanted).toLowerCase()
  const compared = paths.slice(0, MAX_COMPARED_NAMES)
  const same = compared.filter(isSame)
  const slips = compared.filter((path) => !isSame(path) && isNearName(wanted, path))
  return [...same, ...nearestNames(wanted, slips)].slice(0, limit)
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Whether two names are so near that one is likely a slip for the other. */
export function isNearName(wanted: string, name: string): boolean {
  if (wanted === '' || name === '') return false
  const distance = editDistance(fold(wanted), fold(name))
  return distance <= Math.max(1, Math.floor(Math.min(wanted.length, name.length, MAX_COMPARED_LENGTH) / 3))
}

function fold(name: string): string {
  return name.toLowerCase()
}

/** Levenshtein's distance of what differs between two names, of which at most the first 64 characters count. */
function editDistance(left: string, right: string): number {
  const [a, b] = differingParts(left, right).map((part) => part.slice(0, MAX_COMPARED_LENGTH))
  if (a === undefined || b === undefined) return 0
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

/** What is left of two texts without the beginning and the end that they share: their distance is that of these. */
function differingParts(left: string, right: string): [string, string] {
  const shorter = Math.min(left.length, right.length)
  let start = 0
  while (start < shorter && left[start] === right[start]) start += 1
  let end = 0
  while (end < shorter - start && left.at(-1 - end) === right.at(-1 - end)) end += 1
  return [left.slice(start, left.length - end), right.slice(start, right.length - end)]
}
