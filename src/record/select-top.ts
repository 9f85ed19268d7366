/**
 * The first `limit` items in an order, sorted, without sorting the others: takes n × log(limit) comparisons at the very
 * most, and about n when most items are not among the first.
 *
 * @param limit Absent: all items, sorted.
 */
export function selectTop<T>(items: Iterable<T>, compare: (a: T, b: T) => number, limit?: number): T[] {
  if (limit === undefined) return [...items].sort(compare)
  if (limit <= 0) return []
  const heap: T[] = []
  for (const item of items) {
    if (heap.length < limit) {
      heap.push(item)
      siftUp(heap, compare)
    } else if (heap[0] !== undefined && compare(item, heap[0]) < 0) {
      heap[0] = item
      siftDown(heap, compare)
    }
  }
  return heap.sort(compare)
}

/** The last in order is at the top, to be thrown out first. */
function siftUp<T>(heap: T[], compare: (a: T, b: T) => number): void {
  let index = heap.length - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!swapIfLater(heap, index, parent, compare)) return
    index = parent
  }
}

function siftDown<T>(heap: T[], compare: (a: T, b: T) => number): void {
  let index = 0
  for (;;) {
    const left = 2 * index + 1
    const later = isLater(heap, left + 1, left, compare) ? left + 1 : left
    if (!swapIfLater(heap, later, index, compare)) return
    index = later
  }
}

function swapIfLater<T>(heap: T[], child: number, parent: number, compare: (a: T, b: T) => number): boolean {
  const below = heap[child]
  const above = heap[parent]
  if (below === undefined || above === undefined || compare(below, above) <= 0) return false
  heap[child] = above
  heap[parent] = below
  return true
}

function isLater<T>(heap: readonly T[], one: number, other: number, compare: (a: T, b: T) => number): boolean {
  const a = heap[one]
  const b = heap[other]
  return a !== undefined && b !== undefined && compare(a, b) > 0
}
