/** Runs work on one key in the order in which it was asked for, one at a time; work on other keys is not held up. */
export function createExclusive(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>()
  return async (key, work) => {
    const before = tails.get(key) ?? Promise.resolve()
    const result = before.then(work)
    // Whoever comes next waits for the end of this, however it ends.
    const tail = result.catch(() => undefined)
    tails.set(key, tail)
    try {
      return await result
    } finally {
      if (tails.get(key) === tail) tails.delete(key)
    }
  }
}
