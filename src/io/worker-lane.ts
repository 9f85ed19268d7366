import { existsSync } from 'node:fs'
import { SHARE_ENV, Worker } from 'node:worker_threads'
import type { LaneResult, LaneTask } from './lane-task.js'
import { unpackError } from './packed-error.js'
import { WORKER_READY, type WorkerAnswer, type WorkerRequest } from './worker-protocol.js'

/** A worker thread that does one task after the other, in the order in which they were given. */
export interface WorkerLane {
  /** `false` when the worker could not start; then it is of no use. */
  ready: Promise<boolean>
  run: (task: LaneTask, onBytes: (index: number, doneBytes: number) => void) => Promise<LaneResult>
  /** Ends the thread. */
  close: () => void
}

interface RunningTask {
  resolve: (results: LaneResult) => void
  reject: (error: unknown) => void
  onBytes: (index: number, doneBytes: number) => void
}

/** Where the build puts the worker, seen from the file that this code ends up in: beside it, or from a chunk, or from a subpath. */
const PLACES = ['./hash-worker', './io/hash-worker', '../io/hash-worker'] as const

/**
 * The file of the worker; `undefined` where there is none: in a program that was bundled into one file, or when the sources are
 * run directly.
 *
 * @param base `import.meta.url`; a bundler that makes CommonJS of ES modules leaves nothing in its place.
 */
export function workerFile(base: string | undefined): URL | undefined {
  if (base === undefined) return undefined
  const extension = base.endsWith('.cjs') ? '.cjs' : '.js'
  for (const place of PLACES) {
    if (!URL.canParse(place, base)) return undefined
    const file = new URL(place + extension, base)
    if (file.protocol === 'file:' && existsSync(file)) return file
  }
  return undefined
}

/**
 * Starts a worker. It lives for one call, not longer: it starts in the time of a few megabytes, while the calling thread works
 * already, and a thread kept idle would need a reason to end.
 *
 * @param stop see {@link WorkerRequest}.
 */
export function startWorkerLane(file: URL, stop: SharedArrayBuffer): WorkerLane | undefined {
  let worker: Worker
  try {
    // Without the loaders and hooks of the program, which would slow its start and mean nothing to it.
    worker = new Worker(file, { name: 'stemma', execArgv: [], env: SHARE_ENV })
  } catch {
    // Threads may be forbidden (node --permission) or exhausted; the work is then done in this one.
    return undefined
  }
  let running: RunningTask[] = []
  let settleReady: (isReady: boolean) => void = () => undefined
  const ready = new Promise<boolean>((resolve) => {
    settleReady = resolve
  })
  const fail = (error: unknown): void => {
    settleReady(false)
    for (const { reject } of running) reject(error)
    running = []
  }
  let progressFailure: { error: unknown } | undefined
  const report = (index: number, doneBytes: number): void => {
    try {
      running[0]?.onBytes(index, doneBytes)
    } catch (error) {
      // Thrown by the caller's own function: it ends the work, but not before the thread has stopped.
      progressFailure ??= { error }
      Atomics.store(new Int32Array(stop), 0, 1)
    }
  }

  worker.on('message', (message: WorkerAnswer) => {
    if (message.kind === 'ready') settleReady(message.name === WORKER_READY)
    else if (message.kind === 'bytes') report(message.index, message.doneBytes)
    else {
      const task = running.shift()
      if (progressFailure !== undefined) task?.reject(progressFailure.error)
      else if (message.kind === 'failed') task?.reject(unpackError(message.error))
      else task?.resolve(message.results)
    }
  })
  worker.on('error', fail)
  worker.on('exit', () => {
    fail(new Error('the worker thread ended before its work was done'))
  })

  return {
    ready,
    run: (task, onBytes) =>
      new Promise((resolve, reject) => {
        running.push({ resolve, reject, onBytes })
        const request: WorkerRequest = { task, stop }
        worker.postMessage(request)
      }),
    close: () => {
      void worker.terminate()
    }
  }
}
