/**
 * Maps items with at most `limit` calls under way; results in the order of the items. After the first failure no further call
 * is begun, those under way are waited for, and that failure is thrown.
 */
export async function mapLimited<T, R>(items: readonly T[], limit: number, map: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results = new Map<number, R>()
  const iterator = items.entries()
  let failed: { error: unknown } | undefined
  const work = async (): Promise<void> => {
    for (const [index, item] of iterator) {
      if (failed) return
      try {
        results.set(index, await map(item, index))
      } catch (error) {
        failed ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
  if (failed) throw failed.error
  return Array.from(results).sort(([left], [right]) => left - right).map(([, result]) => result)
}
