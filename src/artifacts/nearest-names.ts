/**
 * The names most like `wanted`, best first: same name in another folder or case, then few typing errors. For "did you mean".
 */
export function nearestNames(wanted: string, names: readonly string[], limit = 3): string[] {
  const target = wanted.slice(0, MAX_LENGTH).toLowerCase()
  const scored: { name: string; score: number }[] = []
  for (const name of names.slice(0, MAX_NAMES)) {
    const score = distance(target, name.toLowerCase())
    if (score <= Math.max(2, Math.floor(target.length / 3))) scored.push({ name, score })
  }
  return scored
    .sort((a, b) => a.score - b.score)
    .slice(0, limit)
    .map(({ name }) => name)
}

const MAX_LENGTH = 256
const MAX_NAMES = 5_000

function distance(a: string, b: string): number {
  if (a === b || baseOf(a) === baseOf(b)) return 0
  if (Math.abs(a.length - b.length) > a.length) return Number.POSITIVE_INFINITY
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const change = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
