import { lstatSync, renameSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { appendStream } from '../io/append-stream.js'
import { unlinkQuietly } from '../io/descriptor.js'
import type { IngestItem, Ingested, StoreFs } from '../io/store-fs.js'
import type { Progress, TransferOptions } from '../util/options.js'
import { fetchedBytes, wrongBytes, type BytesOrigin, type WantedFile } from './fetched-bytes.js'
import { PARTIAL_BYTES, type PartialFiles } from './partial-files.js'

/** A wanted file and the new file on disk that gets its bytes. */
export interface WriteItem {
  file: WantedFile
  /** Absolute; must not exist. */
  target: string
}

/** Options of {@link writeVerified}. */
export interface WriteOptions extends TransferOptions {
  fs: StoreFs
  origin: BytesOrigin
  /** Permissions of the new files. */
  mode: number
  /** Make the bytes durable. */
  sync: boolean
  /** Where large files are kept that were cut short, on the disk of the targets. @default none are kept */
  partials?: PartialFiles | undefined
  /** Called for each file whose bytes lie in its target, checked. */
  onVerified?: ((item: WriteItem) => void) | undefined
}

const LANES = 4
// Between two slices of synchronous steps other work of the process gets its turn.
const SLICE = 500

/**
 * Writes files and checks their bytes in the same pass: those on this disk in one batch, the others as they arrive, four at a time.
 * A target with wrong bytes is removed, never left. Each right one is handed to `onVerified` as soon as it is there, so that a
 * later failure does not undo it.
 *
 * @throws {StemmaError} DIGEST_MISMATCH naming artifact, wanted and found; errors of the origin and of the file system.
 */
export async function writeVerified(items: readonly WriteItem[], options: WriteOptions): Promise<void> {
  const report = progressOf(items, options.onProgress)
  const local: (WriteItem & { source: string })[] = []
  const remote: WriteItem[] = []
  for (const [index, item] of items.entries()) {
    if (index % SLICE === SLICE - 1) await nextTurn()
    const source = options.origin.localPath?.(item.file)
    if (source !== undefined && isFile(source)) local.push({ ...item, source })
    else remote.push(item)
  }
  await copyLocal(local, options, report)
  await inLanes(remote, options, (item, signal) => fetchOne(item, { ...options, signal }, report))
}

async function copyLocal(items: readonly (WriteItem & { source: string })[], options: WriteOptions, report: Reporter): Promise<void> {
  if (items.length === 0) return
  const ingests = items.map(({ file, target, source }) => {
    const sizeBytes = lstatSync(source).size
    if (sizeBytes !== file.sizeBytes) throw wrongBytes(file, `${sizeBytes} bytes`, `in the store (${source})`)
    return { target, source: { kind: 'file' as const, label: file.path, path: source, sizeBytes } }
  })
  const written = await ingest(ingests, options, report)
  let failure: Error | undefined
  for (const [index, item] of items.entries()) {
    if (index % SLICE === SLICE - 1) await nextTurn()
    const found = digestOf(written[index])
    if (found === item.file.digest) options.onVerified?.(item)
    else {
      await options.fs.unlink(item.target)
      failure ??= wrongBytes(item.file, found, `in the store (${item.source})`)
    }
  }
  if (failure) throw failure
}

async function fetchOne(item: WriteItem, options: WriteOptions, report: Reporter): Promise<void> {
  const { file, target } = item
  const once = options.partials !== undefined && file.sizeBytes >= PARTIAL_BYTES ? fetchResumable : fetchWhole
  for (let attempt = 1; ; attempt++) {
    const found = digestOf(await once(item, options, report))
    if (found === file.digest) break
    unlinkQuietly(target)
    // Once more from the start: bytes can be damaged on the way, and a stream that was resumed can mix two answers.
    if (attempt === 2) throw wrongBytes(file, found, 'from the registry')
  }
  options.onVerified?.(item)
}

async function fetchWhole({ file, target }: WriteItem, options: WriteOptions, report: Reporter): Promise<Ingested | undefined> {
  const stream = fetchedBytes(file, options.origin.fetch, options.signal)
  const [written] = await ingest([{ target, source: { kind: 'stream', label: file.path, stream } }], options, report)
  return written
}

/** Goes on where an earlier call stopped, this one or another process; what is fetched stays when this one stops, too. */
async function fetchResumable({ file, target }: WriteItem, options: WriteOptions, report: Reporter): Promise<Ingested | undefined> {
  const { origin, partials, signal, mode, sync } = options
  if (partials === undefined) return undefined
  const path = partials.claim(file.digest)
  const onProgress = report()
  let written: Ingested
  try {
    const rest = (start: number): { kind: 'stream'; label: string; stream: AsyncIterable<Uint8Array> } => ({
      kind: 'stream',
      label: file.path,
      stream: fetchedBytes(file, origin.fetch, signal, start)
    })
    written = await appendStream(path, rest, {
      mode,
      sync,
      signal,
      maxBytes: file.sizeBytes,
      check: () => signal?.throwIfAborted(),
      onBytes: (doneBytes) => onProgress?.({ phase: 'fetch', path: file.path, doneBytes })
    })
  } catch (error) {
    partials.release(path)
    throw error
  }
  if (digestOf(written) === file.digest) renameSync(path, target)
  else unlinkQuietly(path)
  return written
}

async function ingest(items: readonly IngestItem[], options: WriteOptions, report: Reporter): Promise<Ingested[]> {
  const { fs, sync, mode, signal } = options
  return await fs.ingest(items, { sync, mode, signal, onProgress: report() })
}

/** Runs `work` for all items, a few at a time; the first failure stops the others, and is thrown when all have stopped. */
async function inLanes(
  items: readonly WriteItem[],
  options: WriteOptions,
  work: (item: WriteItem, signal: AbortSignal) => Promise<void>
): Promise<void> {
  if (items.length === 0) return
  const failed = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal
  const queue = items.values()
  const lane = async (): Promise<void> => {
    for (const item of queue) {
      signal.throwIfAborted()
      await work(item, signal)
    }
  }
  const lanes = Array.from({ length: Math.min(LANES, items.length) }, () =>
    lane().catch((error: unknown) => {
      failed.abort(error)
    })
  )
  await Promise.all(lanes)
  options.signal?.throwIfAborted()
  failed.signal.throwIfAborted()
}

/** Gives one ingest its own callback; several of them add up to one count. */
type Reporter = () => ((progress: Progress) => void) | undefined

function progressOf(items: readonly WriteItem[], onProgress: TransferOptions['onProgress']): Reporter {
  if (!onProgress) return () => undefined
  const totalBytes = items.reduce((sum, { file }) => sum + file.sizeBytes, 0)
  let doneBytes = 0
  return () => {
    let last = 0
    return (progress) => {
      doneBytes += Math.max(0, progress.doneBytes - last)
      last = progress.doneBytes
      onProgress({ phase: 'fetch', path: progress.path, doneBytes: Math.min(doneBytes, totalBytes), totalBytes })
    }
  }
}

function digestOf(written: Ingested | undefined): string {
  return written === undefined ? 'nothing' : `sha256:${written.sha256}`
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
