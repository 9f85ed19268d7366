import { statSync } from 'node:fs'
import type { TransferOptions } from '../util/options.js'
import type { Sources } from '../util/sources.js'
import { timeSlices } from './event-loop.js'
import type { LaneFile } from './lane-task.js'
import { trackProgress } from './progress-tracker.js'
import { planTasks, runInLanes } from './run-lanes.js'
import type { Ingested } from './store-fs.js'

/** How {@link hashPaths} works. */
export interface HashPathsOptions extends TransferOptions {
  /** How many bytes each file has, as far as is known: to plan the work by. @default it is looked up */
  sizes?: readonly number[] | undefined
}

/** The steps of `StoreFs.hash`: sizes, to plan the work, then the work in lanes. */
export async function hashPaths(paths: readonly string[], options: HashPathsOptions, sources: Sources): Promise<(string | undefined)[]> {
  options.signal?.throwIfAborted()
  const pause = timeSlices(sources)
  const files: LaneFile[] = []
  for (const [index, path] of paths.entries()) {
    files.push({ index, path, sizeBytes: options.sizes?.[index] ?? statSync(path, { throwIfNoEntry: false })?.size ?? 0 })
    await pause()
  }
  const expected = files.map(({ path, sizeBytes }) => ({ label: path, sizeBytes }))
  const results: (Ingested | undefined)[] = new Array<undefined>(paths.length)
  const tasks = planTasks(files).map((part) => ({ kind: 'hash', files: part }) as const)
  await runInLanes(tasks, { sources, signal: options.signal, progress: trackProgress('hash', expected, options.onProgress), results })
  return results.map((result) => result?.sha256)
}
