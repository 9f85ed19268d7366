import { watch, type FSWatcher } from 'node:fs'
import type { Sources } from '../util/sources.js'
import { systemErrorCode } from './system-error.js'

/** The steps of `StoreFs.waitForChange`: what comes first of a notice by the system, the time, and the abort. */
export async function waitForChange(
  path: string,
  options: { atMostMs: number; signal?: AbortSignal | undefined },
  sources: Sources
): Promise<void> {
  options.signal?.throwIfAborted()
  const ended = new AbortController()
  const end = AbortSignal.any(options.signal === undefined ? [ended.signal] : [options.signal, ended.signal])
  let watcher: FSWatcher | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      watcher = watchQuietly(path, resolve)
      sources.sleep(options.atMostMs, end).then(resolve, reject)
    })
  } finally {
    watcher?.close()
    ended.abort()
  }
}

/** Watching fails where the system has no more watches to give, or the folder none to offer; then the time alone decides. */
function watchQuietly(path: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, onChange)
    watcher.on('error', () => {
      watcher.close()
    })
    return watcher
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}
