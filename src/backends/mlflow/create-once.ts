import { isStemmaError } from '../../errors/stemma-error.js'
import type { Sources } from '../../util/sources.js'

const ATTEMPTS = 4
const DELAY_MS = 100

/**
 * Creates something that MLflow would create again for a repeated request: after a lost reply it is looked for before the next attempt.
 *
 * @param find what an earlier attempt has created.
 */
export async function createOnce<T>(
  { create, find, sources, signal }: { create: () => Promise<T>; find: () => Promise<T | undefined>; sources: Sources; signal?: AbortSignal | undefined }
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await create()
    } catch (error) {
      if (attempt >= ATTEMPTS || !isStemmaError(error) || !error.retryable) throw error
    }
    await sources.sleep(DELAY_MS * 2 ** attempt, signal)
    const found = await find()
    if (found !== undefined) return found
  }
}
