import type { LaneResult, LaneTask } from './lane-task.js'
import type { PackedError } from './packed-error.js'

/** What the worker says first; a file of the same name that is not ours says something else. */
export const WORKER_READY = 'stemma-hash-worker-1'

/** What a worker is sent: one task at a time. */
export interface WorkerRequest {
  task: LaneTask
  /** One 32-bit number; anything but 0 means: stop. A message would not reach a thread that is hashing. */
  stop: SharedArrayBuffer
}

/** What a worker answers. */
export type WorkerAnswer =
  | { kind: 'ready'; name: string }
  | { kind: 'bytes'; index: number; doneBytes: number }
  | { kind: 'done'; results: LaneResult }
  | { kind: 'failed'; error: PackedError }
