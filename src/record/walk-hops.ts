/** What a walk came upon. */
export interface Walk {
  /** The ids it began with and all that it reached. */
  reached: Set<string>
  /** Ids one hop further than it may go. */
  beyond: string[]
}

/** Walks breadth-first, so that each id is reached by the fewest hops, and at most `maxHops` of them. Cycles do no harm. */
export function walkHops(starts: Iterable<string>, maxHops: number, next: (id: string) => Iterable<string>): Walk {
  const reached = new Set(starts)
  let front = [...reached]
  for (let hops = 0; hops < maxHops && front.length > 0; hops += 1) {
    const found: string[] = []
    for (const id of front) {
      for (const neighbour of next(id)) {
        if (reached.has(neighbour)) continue
        reached.add(neighbour)
        found.push(neighbour)
      }
    }
    front = found
  }
  const beyond = front.flatMap((id) => [...next(id)].filter((neighbour) => !reached.has(neighbour)))
  return { reached, beyond }
}
