import { EventEmitter } from 'node:events'
import { closeSync, readSync } from 'node:fs'
import type { PutOptions, StoredBlob } from '../../backend.js'
import type { ByteSource } from '../../../io/byte-source.js'
import { handledLater } from '../../../io/descriptor.js'
import { openSource, type FileSource } from '../../../io/open-source.js'
import { trackProgress, type ProgressTracker } from '../../../io/progress-tracker.js'
import type { Digest } from '../../../schemas/digest.js'
import { mapLimited } from '../../../util/map-limited.js'
import type { TransferOptions } from '../../../util/options.js'
import { chunkBytesFor, type BytesContext } from './bytes-context.js'
import { digestSources, type PlacedSource } from './digest-sources.js'
import { keepBlobs } from './keep-blobs.js'
import { createChunkMemory } from './open-chunks.js'
import type { PendingBlob } from './pending-blob.js'
import { readBlocks } from './read-blocks.js'
import { createSmallMemory, readSmallFiles } from './read-small.js'
import { sendBatches, smallBytes, type BatchMemory } from './send-batches.js'
import { uploadBlob } from './upload-blob.js'
import { uploadStream } from './upload-stream.js'

/** Large files that are uploaded side by side. */
const UPLOAD_LANES = 4
/** Streams are short as a rule: so many bytes of them are gathered before they are sent together. */
const GATHERED_BYTES = 4_194_304
/** Sources that are hashed, asked about and sent together: what is known of each meanwhile must not add up, however many there are. */
const WINDOW = 500
/** As many first bytes as anybody needs to tell a format. */
const STREAM_HEAD_BYTES = 4_096

type StreamSource = Extract<ByteSource, { kind: 'stream' }>

/** What all steps of one call share. */
interface Sending {
  context: BytesContext
  options: PutOptions
  progress: ProgressTracker
  results: (StoredBlob | undefined)[]
  /** First bytes of what is sent and not told as stored yet; `undefined` when they were told already. */
  heads: Map<number, Uint8Array | undefined>
  /** In the windows so far. */
  hashedBytes: number
  /** Of batches: new memory for each window would stay until it is collected. */
  idle: BatchMemory[]
}

/**
 * Stores sources in the registry; see `Backend.putBlobs`. Digests first, of some hundred sources at a time: then only what the registry lacks is
 * read and sent. Streams are sent as they come.
 */
export async function putBlobs(context: BytesContext, sources: readonly ByteSource[], options: PutOptions): Promise<StoredBlob[]> {
  options.signal?.throwIfAborted()
  for (const source of sources) {
    // A stream that fails before its turn comes must not end the process; reading it tells the failure again.
    if (source.kind === 'stream' && source.stream instanceof EventEmitter) source.stream.on('error', () => undefined)
  }
  const progress = trackProgress('upload', options.onProgress === undefined ? [] : sources.map(expectedOf), options.onProgress)
  const sending: Sending = { context, options, progress, results: new Array<undefined>(sources.length), heads: new Map(), hashedBytes: 0, idle: [] }
  await storeLasting(sending, sources)
  const streams = sources.flatMap((source, index) => (source.kind === 'stream' ? [{ index, source }] : []))
  if (streams.length > 0) await storeStreams(sending, streams)
  return sending.results.map((stored, index) => {
    if (stored === undefined) throw new TypeError(`${sources[index]?.label ?? ''} was not stored`)
    return stored
  })
}

/** While a window is sent, the next one is hashed and asked about. */
async function storeLasting(shared: Sending, sources: readonly ByteSource[]): Promise<void> {
  const { options } = shared
  const failed = new AbortController()
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal])
  const sending: Sending = { ...shared, options: { ...options, signal } }
  const spare: Uint8Array[] = []
  let sent: Promise<void> = Promise.resolve()
  try {
    for (const window of windowsOf(sources)) {
      const memory = spare.pop() ?? createSmallMemory()
      const asked = await ask(sending, await digestWindow(sending, window, memory, sources.length > WINDOW))
      await sent
      // Not after a failure: something may still be on its way out of it.
      sent = handledLater(send(sending, asked).then(() => void spare.push(memory)))
    }
    await sent
  } catch (error) {
    failed.abort(error)
    await Promise.allSettled([sent])
    throw error
  }
}

async function digestWindow(sending: Sending, window: readonly PlacedSource[], memory: Uint8Array, isOneOfMany: boolean): Promise<PendingBlob[]> {
  const { context, options } = sending
  const { signal } = options
  const onHead = (index: number, head: Uint8Array): void => {
    takeHead(sending, index, head)
  }
  const { read, left } = await readSmallFiles(context, window, { signal, memory, onHead, onProgress: addedUp(sending) })
  if (left.length === 0) return read
  const isAll = !isOneOfMany && read.length === 0
  return [...read, ...(await digestSources(context, left, { signal, onProgress: isAll ? options.onProgress : addedUp(sending) }))]
}

function* windowsOf(sources: readonly ByteSource[]): Generator<PlacedSource[]> {
  let window: PlacedSource[] = []
  for (const [index, source] of sources.entries()) {
    if (source.kind === 'stream') continue
    window.push({ index, source })
    if (window.length < WINDOW) continue
    yield window
    window = []
  }
  if (window.length > 0) yield window
}

/** The hashing of one window as a part of all hashing, of which the total is not known before the last. */
function addedUp(sending: Sending): TransferOptions['onProgress'] {
  const { onProgress } = sending.options
  const beforeBytes = sending.hashedBytes
  return onProgress && ((progress) => {
    sending.hashedBytes = beforeBytes + progress.doneBytes
    onProgress({ ...progress, doneBytes: sending.hashedBytes, totalBytes: undefined })
  })
}

async function store(sending: Sending, pending: readonly PendingBlob[]): Promise<void> {
  await send(sending, await ask(sending, pending))
}

/** Blobs that were asked about. */
interface AskedBlobs {
  /** All of them, by what they hold. */
  groups: ReadonlyMap<Digest, readonly PendingBlob[]>
  /** One of each that the registry lacks. */
  missing: readonly PendingBlob[]
}

async function ask(sending: Sending, pending: readonly PendingBlob[]): Promise<AskedBlobs> {
  const { context, options } = sending
  const groups = new Map<Digest, PendingBlob[]>()
  for (const blob of pending) {
    const group = groups.get(blob.digest)
    if (group === undefined) groups.set(blob.digest, [blob])
    else group.push(blob)
  }
  const sizes = [...groups.values()].map(([first]) => first?.sizeBytes ?? 0)
  const kept = await keepBlobs(context, [...groups.keys()], { signal: options.signal, sizes })
  const missing: PendingBlob[] = []
  for (const [place, group] of [...groups.values()].entries()) {
    const [first] = group
    if (first === undefined) continue
    if (kept[place] === true) for (const blob of group) done(sending, blob, { digest: blob.digest, sizeBytes: blob.sizeBytes, existed: true })
    else missing.push(first)
  }
  return { groups, missing }
}

async function send(sending: Sending, { groups, missing }: AskedBlobs): Promise<void> {
  const { context, options } = sending
  const others: PendingBlob[] = []
  const stored = (blob: PendingBlob, result: StoredBlob): void => {
    done(sending, blob, result)
    for (const twin of groups.get(blob.digest) ?? []) {
      if (twin.index === blob.index) continue
      // Its bytes were sent by the other file, unless that has changed meanwhile.
      if (result.digest === blob.digest) done(sending, twin, result)
      else others.push(twin)
    }
  }
  const limit = smallBytes(context)
  const large = missing.filter(({ sizeBytes }) => sizeBytes > limit)
  const small = missing.filter(({ sizeBytes }) => sizeBytes <= limit)
  const onHead = (blob: PendingBlob, head: Uint8Array): void => {
    takeHead(sending, blob.index, head)
  }
  await sendBatches(context, small, { idle: sending.idle, signal: options.signal, onStored: stored, onHead, onLarge: (blob) => large.push(blob) })
  await upload(sending, large, stored)
  if (others.length > 0) await store(sending, others)
}

async function upload({ context, options, progress }: Sending, blobs: readonly PendingBlob[], stored: (blob: PendingBlob, result: StoredBlob) => void): Promise<void> {
  const failed = new AbortController()
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal])
  const lanes = Math.min(UPLOAD_LANES, blobs.length)
  // After large files comes a manifest, as a part of a batch: what encodes it loads while the registry is at work.
  if (lanes > 0) void handledLater(import('../../../transport/encode-parts.js'))
  const largest = blobs.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 1)
  const chunkBytes = Math.min(chunkBytesFor(context, lanes), largest)
  const idle = Array.from({ length: lanes }, () => createChunkMemory(chunkBytes))
  await mapLimited(blobs, lanes, async (blob) => {
    // As many as there are lanes: one is free.
    const memory = idle.pop() ?? createChunkMemory(chunkBytes)
    const onBytes = (doneBytes: number): void => {
      progress.reached(blob.index, doneBytes)
    }
    try {
      stored(blob, await uploadBlob(context, blob, { signal, memory, onBytes }))
    } catch (error) {
      // The others stop; what they have sent stays with the registry.
      failed.abort(error)
      throw error
    } finally {
      idle.push(memory)
    }
  })
}

async function storeStreams(sending: Sending, streams: readonly PlacedSource<StreamSource>[]): Promise<void> {
  const { context, options, progress } = sending
  let gathered: PendingBlob[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    await store(sending, gathered)
    gathered = []
    bytes = 0
  }
  for (const { index, source } of streams) {
    const { label } = source
    const blocks = readBlocks(source, options.signal)
    const first = Buffer.allocUnsafeSlow(smallBytes(context) + 1)
    const count = await blocks.next(first)
    if (count < first.byteLength) {
      const content = { kind: 'bytes', label, bytes: count * 2 < first.byteLength ? new Uint8Array(first.subarray(0, count)) : first.subarray(0, count) } as const
      gathered.push(...(await digestSources(context, [{ index, source: content }], { signal: options.signal })))
      bytes += count
      if (bytes >= GATHERED_BYTES) await flush()
      continue
    }
    const onBytes = (doneBytes: number): void => {
      progress.reached(index, doneBytes)
    }
    const blob = await uploadStream(context, first, blocks, { label, signal: options.signal, onBytes })
    sending.results[index] = { ...blob, head: new Uint8Array(first.subarray(0, STREAM_HEAD_BYTES)) }
    progress.finished(index, blob.sizeBytes)
  }
  if (gathered.length > 0) await flush()
}

function done(sending: Sending, blob: PendingBlob, { digest, sizeBytes, existed }: StoredBlob): void {
  const { progress, results, heads } = sending
  const { index, source } = blob
  // It was the same file a moment ago, and its first bytes decide upon a label only.
  if (!heads.has(index) && source.kind === 'file' && (source.headBytes ?? 0) > 0) takeHead(sending, index, readHead(source, source.headBytes ?? 0))
  const head = heads.get(index)
  heads.delete(index)
  results[index] = head === undefined ? { digest, sizeBytes, existed } : { digest, sizeBytes, existed, head }
  progress.finished(index, sizeBytes)
}

/** Of those that are kept a copy, from Node's pool: memory of its own for each costs more than its bytes. */
function takeHead({ options, heads }: Sending, index: number, head: Uint8Array): void {
  heads.set(index, options.onHead === undefined ? Buffer.from(head) : undefined)
  options.onHead?.(index, head)
}

function readHead(source: FileSource, headBytes: number): Uint8Array {
  const { fd } = openSource(source)
  try {
    const head = new Uint8Array(headBytes)
    return head.subarray(0, readSync(fd, head, 0, headBytes, 0))
  } finally {
    closeSync(fd)
  }
}

function expectedOf(source: ByteSource): { label: string; sizeBytes: number | undefined } {
  if (source.kind === 'stream') return { label: source.label, sizeBytes: undefined }
  return { label: source.label, sizeBytes: source.kind === 'bytes' ? source.bytes.byteLength : source.sizeBytes }
}
