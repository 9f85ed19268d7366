import { refusal } from './refusal.js'

/** Counts what runs for each token, so that one holder cannot take the server from all others. */
export interface Slots {
  /**
   * Takes a place, to be given back by calling what it returns, once or more often.
   *
   * @throws {StemmaError} TOO_MANY_REQUESTS
   */
  take(holder: string, limit: number): () => void
  /** Places that are taken, of all holders. */
  count(): number
}

/** @param what is counted, for the message: `requests`. */
export function createSlots(what: string): Slots {
  const taken = new Map<string, number>()
  return {
    take(holder, limit) {
      const before = taken.get(holder) ?? 0
      if (before >= limit) {
        throw refusal('TOO_MANY_REQUESTS', `${before} ${what} of this token are under way; the server takes ${limit} at once`, { headers: { 'retry-after': '1' } }, {
          hint: 'Ask again in a second, with fewer at once.',
          details: { limit }
        })
      }
      taken.set(holder, before + 1)
      let isTaken = true
      return () => {
        if (!isTaken) return
        isTaken = false
        const now = (taken.get(holder) ?? 1) - 1
        if (now === 0) taken.delete(holder)
        else taken.set(holder, now)
      }
    },
    count: () => [...taken.values()].reduce((sum, held) => sum + held, 0)
  }
}
