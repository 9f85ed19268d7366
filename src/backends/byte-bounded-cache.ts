/** Values by key, as many as their bytes allow; those read last stay longest. */
export interface ByteBoundedCache<K, V> {
  /** @returns the value, which counts as read now; `undefined` when it is not held. */
  get(key: K): V | undefined
  has(key: K): boolean
  /** Keeps a value. What is held already, and what alone is more than the bound, is left. */
  keep(key: K, value: V, bytes: number): void
}

/** @param maxBytes what the values may take together. */
export function createByteBoundedCache<K, V>(maxBytes: number): ByteBoundedCache<K, V> {
  const held = new Map<K, { value: V; bytes: number }>()
  let heldBytes = 0
  return {
    get(key) {
      const entry = held.get(key)
      if (!entry) return undefined
      // A Map keeps the order of insertion, and what is read is put in anew: the first is what was not read for longest.
      held.delete(key)
      held.set(key, entry)
      return entry.value
    },
    has: (key) => held.has(key),
    keep(key, value, bytes) {
      if (held.has(key) || bytes > maxBytes) return
      held.set(key, { value, bytes })
      heldBytes += bytes
      for (const [oldest, entry] of held) {
        if (heldBytes <= maxBytes) break
        held.delete(oldest)
        heldBytes -= entry.bytes
      }
    }
  }
}
