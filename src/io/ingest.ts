import { EventEmitter } from 'node:events'
import type { Sources } from '../util/sources.js'
import { unlinkQuietly } from './descriptor.js'
import { timeSlices } from './event-loop.js'
import { ingestBytes, SMALL_BYTES } from './ingest-small.js'
import { ingestStream } from './ingest-stream.js'
import type { IngestFile } from './lane-task.js'
import { trackProgress, type ProgressTracker } from './progress-tracker.js'
import { planTasks, runInLanes } from './run-lanes.js'
import type { Ingested, IngestItem, IngestOptions } from './store-fs.js'
import { syncContents } from './sync-contents.js'

/** The steps of `StoreFs.ingest`: files in lanes, then streams and bytes one by one, then one flush for all that is small. */
export async function ingest(items: readonly IngestItem[], options: IngestOptions, sources: Sources): Promise<Ingested[]> {
  options.signal?.throwIfAborted()
  const progress = trackProgress('store', items.map(expectedOf), options.onProgress)
  const results: (Ingested | undefined)[] = new Array<undefined>(items.length)
  for (const { source } of items) {
    // A stream that fails before its turn comes must not end the process; reading it tells the failure again.
    if (source.kind === 'stream' && source.stream instanceof EventEmitter) source.stream.on('error', () => undefined)
  }
  try {
    await ingestFiles(items, options, sources, progress, results)
    await ingestOthers(items, options, sources, progress, results)
    if (options.sync) await syncContents(smallTargets(items, results))
    options.signal?.throwIfAborted()
    return results.map((result) => {
      if (result === undefined) throw new TypeError('an item was not ingested')
      return result
    })
  } catch (error) {
    items.forEach(({ target }, index) => {
      if (results[index] !== undefined) unlinkQuietly(target)
    })
    throw error
  }
}

async function ingestFiles(
  items: readonly IngestItem[],
  { mode, sync, signal, moveTo }: IngestOptions,
  sources: Sources,
  progress: ProgressTracker,
  results: (Ingested | undefined)[]
): Promise<void> {
  const files: IngestFile[] = []
  items.forEach(({ source, target }, index) => {
    if (source.kind !== 'file') return
    const { label, path, sizeBytes, headBytes = 0 } = source
    files.push({ index, label, path, sizeBytes, target, headBytes })
  })
  const tasks = planTasks(files).map((part) => ({ kind: 'ingest', files: part, mode, sync, moveTo: sync ? undefined : moveTo }) as const)
  await runInLanes(tasks, { sources, signal, progress, results })
}

async function ingestOthers(
  items: readonly IngestItem[],
  options: IngestOptions,
  sources: Sources,
  progress: ProgressTracker,
  results: (Ingested | undefined)[]
): Promise<void> {
  const pause = timeSlices(sources)
  for (const [index, { source, target }] of items.entries()) {
    if (source.kind === 'file') continue
    options.signal?.throwIfAborted()
    const ingested = isSmall(source)
      ? ingestBytes(source.bytes, target, options.mode)
      : await ingestStream(source, target, {
          mode: options.mode,
          sync: options.sync,
          signal: options.signal,
          check: () => options.signal?.throwIfAborted(),
          onBytes: (doneBytes) => {
            progress.reached(index, doneBytes)
          }
        })
    results[index] = ingested
    progress.finished(index, ingested.sizeBytes)
    await pause()
  }
}

function isSmall(source: IngestItem['source']): source is IngestItem['source'] & { kind: 'bytes' } {
  return source.kind === 'bytes' && source.bytes.byteLength <= SMALL_BYTES
}

/** Those whose content was not made durable when it was written: large files and streams were. */
function smallTargets(items: readonly IngestItem[], results: readonly (Ingested | undefined)[]): string[] {
  const targets: string[] = []
  items.forEach(({ source, target }, index) => {
    if (source.kind !== 'stream' && (results[index]?.sizeBytes ?? 0) <= SMALL_BYTES) targets.push(target)
  })
  return targets
}

function expectedOf({ source }: IngestItem): { label: string; sizeBytes: number | undefined } {
  if (source.kind === 'stream') return { label: source.label, sizeBytes: undefined }
  return { label: source.label, sizeBytes: source.kind === 'bytes' ? source.bytes.byteLength : source.sizeBytes }
}
