import type { Sources } from '../util/sources.js'
import { runLaneTask, type LaneFile, type LaneTask } from './lane-task.js'
import type { ProgressTracker } from './progress-tracker.js'
import type { Ingested } from './store-fs.js'

const TASK_FILES = 256
const TASK_BYTES = 16_777_216

/** What {@link runInLanes} needs. */
export interface LanesOptions {
  sources: Sources
  signal: AbortSignal | undefined
  progress: ProgressTracker
  /** Where the result of each file is put, at its index. */
  results: (Ingested | undefined)[]
}

/** Groups files into tasks of a few milliseconds, a large file being one by itself. */
export function planTasks<T extends LaneFile>(files: readonly T[]): T[][] {
  const tasks: T[][] = []
  let current: T[] = []
  let bytes = 0
  for (const file of files) {
    if (current.length > 0 && (current.length === TASK_FILES || bytes + file.sizeBytes > TASK_BYTES)) {
      tasks.push(current)
      current = []
      bytes = 0
    }
    current.push(file)
    bytes += file.sizeBytes
  }
  if (current.length > 0) tasks.push(current)
  return tasks
}

/** Runs tasks. */
export async function runInLanes(tasks: readonly LaneTask[], options: LanesOptions): Promise<void> {
  for (const task of tasks) {
    const results = await runLaneTask(task, {
      sources: options.sources,
      mayBlock: false,
      check: () => options.signal?.throwIfAborted(),
      onBytes: options.progress.reached
    })
    task.files.forEach((file, place) => {
      const result = results[place]
      options.results[file.index] = result
      options.progress.finished(file.index, result?.sizeBytes ?? 0)
    })
  }
}
