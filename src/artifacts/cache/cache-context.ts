import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFoldersSync } from '../../io/make-folder.js'
import type { StoreFs } from '../../io/store-fs.js'
import type { Sources } from '../../util/sources.js'
import type { CacheLayout } from './cache-layout.js'

/** What the parts of a cache work with. */
export interface CacheContext {
  layout: CacheLayout
  fs: StoreFs
  sources: Sources
  /** Believe no fingerprint of a file whose bytes a power cut may have taken. */
  sync: boolean
  /** See `currentBootId`. Where there is one, new files are flushed when they are used the second time: until then they are believed as long as the machine is not started again. */
  bootId: () => string | undefined
}

/** A new name in `tmp/` that no other call, of this or another process, uses. */
export function temporaryPath(cache: CacheContext): string {
  return join(cache.layout.temporary, Buffer.from(cache.sources.randomBytes(12)).toString('hex'))
}

/** Runs work with a new private folder on the same disk as the cache, and removes the folder afterwards, come what may. */
export async function withStaging<T>(cache: CacheContext, work: (staging: string) => Promise<T>): Promise<T> {
  const staging = temporaryPath(cache)
  makeFoldersSync(staging, 0o700)
  try {
    return await work(staging)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}
