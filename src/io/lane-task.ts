import { linkSync } from 'node:fs'
import { sep } from 'node:path'
import type { Sources } from '../util/sources.js'
import { timeSlices } from './event-loop.js'
import { createHashBuffer, hashFile } from './hash-file.js'
import { ingestLarge } from './ingest-large.js'
import { createSmallBuffer, ingestSmall, SMALL_BYTES } from './ingest-small.js'
import type { Ingested } from './store-fs.js'
import { unlinkQuietly } from './descriptor.js'
import { systemErrorCode } from './system-error.js'

/** A file to work on; `index` is its place in the call that the task is a part of. */
export interface LaneFile {
  index: number
  path: string
  /** The size it had when the work was planned. */
  sizeBytes: number
}

/** A file to copy. */
export interface IngestFile extends LaneFile {
  label: string
  target: string
  /** See `ByteSource`. */
  headBytes: number
}

/** A piece of work that a lane, this thread or a worker, does in one go. */
export type LaneTask =
  | { kind: 'hash'; files: readonly LaneFile[] }
  | { kind: 'ingest'; files: readonly IngestFile[]; mode: number; sync: boolean; moveTo: string | undefined }

/** What a task gave, file by file; `undefined` for an absent one. */
export type LaneResult = (Ingested | undefined)[]

/** What surrounds a task. */
export interface LaneContext {
  sources: Sources
  /** Whether this thread has nothing else to do, so that it may wait for the disk. */
  mayBlock: boolean
  /** Throws when the work must stop. */
  check: () => void
  /** So many bytes of that file are done. */
  onBytes: (index: number, doneBytes: number) => void
}

/** Does a task in this thread. When it fails, the targets that it wrote are gone. */
export async function runLaneTask(task: LaneTask, context: LaneContext): Promise<LaneResult> {
  return task.kind === 'hash' ? hashFiles(task.files, context) : ingestFiles(task, context)
}

async function hashFiles(files: readonly LaneFile[], context: LaneContext): Promise<LaneResult> {
  const pause = timeSlices(context.sources)
  const buffer = createHashBuffer()
  const results: LaneResult = []
  for (const { path, index } of files) {
    context.check()
    results.push(
      await hashFile(path, {
        mode: context.mayBlock ? 'blocking' : 'read-ahead',
        buffer,
        check: context.check,
        onBytes: (doneBytes) => {
          context.onBytes(index, doneBytes)
        }
      })
    )
    await pause()
  }
  return results
}

async function ingestFiles(task: LaneTask & { kind: 'ingest' }, context: LaneContext): Promise<LaneResult> {
  const pause = timeSlices(context.sources)
  const written: string[] = []
  let buffer: Uint8Array | undefined
  try {
    const results: LaneResult = []
    for (const { index, label, path, sizeBytes, target, headBytes } of task.files) {
      context.check()
      const source = { kind: 'file', label, path, sizeBytes, headBytes } as const
      const small = sizeBytes > SMALL_BYTES ? undefined : ingestSmall(source, target, task.mode, (buffer ??= createSmallBuffer()))
      const ingested =
        small ??
        (await ingestLarge(source, target, {
          mode: task.mode,
          sync: task.sync,
          check: context.check,
          onBytes: (doneBytes) => {
            context.onBytes(index, doneBytes)
          }
        }))
      if (task.moveTo !== undefined && moveNew(target, task.moveTo + sep + ingested.sha256)) ingested.isMoved = true
      else written.push(target)
      results.push(ingested)
      await pause()
    }
    return results
  } catch (error) {
    for (const target of written) unlinkQuietly(target)
    throw error
  }
}

/** Gives a file another name if that is free. A failure is none yet: the caller finds the file under its own name, and decides. */
function moveNew(from: string, to: string): boolean {
  try {
    linkSync(from, to)
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return false
  }
  unlinkQuietly(from)
  return true
}
