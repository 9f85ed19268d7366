import type { Connection } from './connection.js'
import { MLFLOW } from './endpoints.js'

/** Tag of a registered model: the last event that its versions, stages, tags and aliases show. */
export const HEAD_TAG = 'stemma.head'
/** Marks of changes that follow each other so soon are put together, milliseconds. */
const QUIET_MS = 200

/**
 * Marks how far registered models show their journals. The mark saves others work and means nothing else: they look at all that was
 * changed behind it. So nobody waits for it.
 */
export interface Heads {
  note(name: string, n: number): void
  /** Writes what is not written yet; none is noted after it. */
  close(): Promise<void>
}

/** Nothing is written until something is noted. */
export function createHeads({ client, sources }: Connection): Heads {
  const noted = new Map<string, number>()
  const closing = new AbortController()
  let writing: Promise<void> | undefined

  const writeAll = async (): Promise<void> => {
    while (noted.size > 0) {
      await sources.sleep(QUIET_MS, closing.signal).catch(() => undefined)
      const batch = [...noted]
      noted.clear()
      for (const [name, n] of batch) await client.call(MLFLOW.setModelTag, { body: { name, key: HEAD_TAG, value: String(n) } }).catch(() => undefined)
    }
    writing = undefined
  }

  return {
    note(name, n) {
      noted.set(name, n)
      writing ??= writeAll()
    },
    async close() {
      closing.abort()
      await writing
    }
  }
}
