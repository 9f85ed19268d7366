import { availableParallelism } from 'node:os'
import type { Sources } from '../util/sources.js'
import { runLaneTask, type LaneFile, type LaneResult, type LaneTask } from './lane-task.js'
import type { ProgressTracker } from './progress-tracker.js'
import type { Ingested } from './store-fs.js'
import type { WorkerLane } from './worker-lane.js'

const TASK_FILES = 128
const TASK_BYTES = 16_777_216

/** More lanes than this gain nothing: files are created in one folder, whose lock they share. */
const MAX_LANES = 4
/** Work below this is done in this thread alone: a worker would hardly have started. */
const WORKER_PAYS_MS = 80
/** Roughly what a file and a byte take, for judging that. */
const MS_PER_FILE = 0.03
const MS_PER_BYTE = 1 / 1_400_000

/** What {@link runInLanes} needs. */
export interface LanesOptions {
  sources: Sources
  signal: AbortSignal | undefined
  progress: ProgressTracker
  /** Where the result of each file is put, at its index. */
  results: (Ingested | undefined)[]
}

/** Groups files into tasks of a few milliseconds, a large file being one by itself. Largest first, so that lanes end together. */
export function planTasks<T extends LaneFile>(files: readonly T[]): T[][] {
  const tasks: { files: T[]; bytes: number }[] = []
  let current: { files: T[]; bytes: number } | undefined
  for (const file of files) {
    if (current === undefined || current.files.length === TASK_FILES || current.bytes + file.sizeBytes > TASK_BYTES) {
      current = { files: [], bytes: 0 }
      tasks.push(current)
    }
    current.files.push(file)
    current.bytes += file.sizeBytes
  }
  return tasks.sort((a, b) => b.bytes - a.bytes).map((task) => task.files)
}

/**
 * Does tasks in this thread and, when there is enough of them, in workers beside it. Each lane takes the next task when it is
 * done with one.
 *
 * @throws the first failure, or `signal.reason`, once no lane works any more. Results of the tasks done before are in `results`.
 */
export async function runInLanes(tasks: readonly LaneTask[], options: LanesOptions): Promise<void> {
  const { signal, progress, results } = options
  const stop = new SharedArrayBuffer(4)
  const flag = new Int32Array(stop)
  const failures: unknown[] = []
  let next = 0

  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      // The first is the cause: those of the other lanes come from being stopped.
      if (failures.length === 0) failures.push(error)
      Atomics.store(flag, 0, 1)
    }
  }
  const nextTask = (atLeastFiles: number): LaneTask | undefined => {
    const task = tasks[next]
    if (task === undefined || task.files.length < atLeastFiles || Atomics.load(flag, 0) !== 0) return undefined
    next++
    return task
  }
  const lane = (run: (task: LaneTask) => Promise<LaneResult>, atLeastFiles = 1): Promise<void> =>
    guarded(async () => {
      for (let task = nextTask(atLeastFiles); task !== undefined; task = nextTask(atLeastFiles)) {
        const taskResults = await run(task)
        for (const [place, { index }] of task.files.entries()) results[index] = taskResults[place]
        for (const { index } of task.files) progress.finished(index, results[index]?.sizeBytes ?? 0)
      }
    })
  const check = (): void => {
    signal?.throwIfAborted()
    if (Atomics.load(flag, 0) !== 0) throw new Error('the work was stopped')
  }
  const onAbort = (): void => {
    Atomics.store(flag, 0, 1)
  }

  const workers = await startWorkers(tasks, stop)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const context = { sources: options.sources, mayBlock: false, check, onBytes: progress.reached }
    const here = lane((task) => runLaneTask(task, context))
    const nothingLeft = here.then(() => false)
    await Promise.all([
      here,
      ...workers.map(async (worker) => {
        if (!(await Promise.race([worker.ready, nothingLeft]))) return
        const run = (task: LaneTask): Promise<LaneResult> => worker.run(task, progress.reached)
        // Of small files it gets a task ahead: this thread, which works too, may be late to hand out the next.
        await Promise.all([lane(run), lane(run, 2)])
      })
    ])
  } finally {
    signal?.removeEventListener('abort', onAbort)
    for (const worker of workers) worker.close()
  }
  signal?.throwIfAborted()
  if (failures.length > 0) throw failures[0]
}

async function startWorkers(tasks: readonly LaneTask[], stop: SharedArrayBuffer): Promise<WorkerLane[]> {
  const wanted = Math.min(MAX_LANES, availableParallelism(), tasks.length) - 1
  if (wanted < 1 || estimateMs(tasks) < WORKER_PAYS_MS) return []
  // Loaded when it is wanted, as Node's part of it is: it takes milliseconds.
  const { startWorkerLane, workerFile } = await import('./worker-lane.js')
  const file = workerFile(import.meta.url)
  if (file === undefined) return []
  return Array.from({ length: wanted }, () => startWorkerLane(file, stop)).filter((worker) => worker !== undefined)
}

function estimateMs(tasks: readonly LaneTask[]): number {
  let sum = 0
  for (const { files } of tasks) for (const { sizeBytes } of files) sum += MS_PER_FILE + sizeBytes * MS_PER_BYTE
  return sum
}
