import { createHash } from 'node:crypto'
import { closeSync, lstatSync } from 'node:fs'
import { types } from 'node:util'
import { timeSlices } from '../../../io/event-loop.js'
import { hashPaths } from '../../../io/hash-paths.js'
import { stampOf } from '../../../io/known-digests.js'
import { openSource, sourceChanged, sourceUnreadable, type FileSource } from '../../../io/open-source.js'
import { systemErrorCode } from '../../../io/system-error.js'
import type { Digest } from '../../../schemas/digest.js'
import type { TransferOptions } from '../../../util/options.js'
import type { BytesContext } from './bytes-context.js'
import type { LastingSource, PendingBlob } from './pending-blob.js'

/** How often a file is read before it counts as changing. */
export const ATTEMPTS = 3
/** A smaller file is hashed in less time than its record takes to be kept. */
export const REMEMBERED_BYTES = 32_768
const SLICE_BYTES = 4_194_304

/** A source and its place in the call. */
export interface PlacedSource<T = LastingSource> {
  index: number
  source: T
}

/** A file, and what it was when it was looked at. */
interface StampedSource extends PlacedSource<FileSource> {
  sizeBytes: number
  stamp: string
}

/**
 * The digests of sources. Files that nobody has touched since they were last hashed are not read; the others are, by all cores, and are
 * remembered.
 *
 * @throws {StemmaError} SOURCE_CHANGED, SOURCE_UNREADABLE, SOURCE_UNSUPPORTED.
 */
export async function digestSources(context: BytesContext, placed: readonly PlacedSource[], options: TransferOptions): Promise<PendingBlob[]> {
  const files: PlacedSource<FileSource>[] = []
  const pending: PendingBlob[] = []
  for (const { index, source } of placed) {
    options.signal?.throwIfAborted()
    if (source.kind === 'file') files.push({ index, source })
    else if (source.kind === 'owned-file') pending.push({ index, source, digest: source.digest, sizeBytes: source.sizeBytes, stamp: undefined })
    else pending.push({ index, source, digest: await digestBytes(context, source.bytes, options), sizeBytes: source.bytes.byteLength, stamp: undefined })
  }
  return [...pending, ...(await digestFiles(context, files, options))]
}

/** The digest of one source, read anew whatever is remembered of it. */
export async function digestAnew(context: BytesContext, { index, source }: PlacedSource, options: TransferOptions): Promise<PendingBlob> {
  const placed = source.kind === 'owned-file' ? { index, source: { ...source, kind: 'file' as const } } : { index, source }
  const [pending] = await digestSources({ ...context, known: undefined }, [placed], options)
  if (pending === undefined) throw new TypeError('a source was not hashed')
  return pending
}

async function digestBytes(context: BytesContext, bytes: Uint8Array, { signal }: TransferOptions): Promise<Digest> {
  const pause = timeSlices(context.sources)
  const sha256 = createHash('sha256')
  for (let start = 0; start < bytes.byteLength; start += SLICE_BYTES) {
    signal?.throwIfAborted()
    sha256.update(bytes.subarray(start, start + SLICE_BYTES))
    await pause()
  }
  return `sha256:${sha256.digest('hex')}`
}

async function digestFiles(context: BytesContext, files: readonly PlacedSource<FileSource>[], options: TransferOptions): Promise<PendingBlob[]> {
  const pending: PendingBlob[] = []
  let left = await stampAll(context, files)
  const known = await recall(context, left)
  const remembered = left.flatMap((file, place) => {
    const digest = known[place]
    return digest === undefined ? [] : [pendingOf(file, digest)]
  })
  pending.push(...remembered)
  left = left.filter((_, place) => known[place] === undefined)
  for (let attempt = 1; left.length > 0; attempt++) {
    const [first] = left
    if (attempt > ATTEMPTS && first !== undefined) throw sourceChanged(first.source, ATTEMPTS)
    const { hashed, changed } = await hashOnce(context, left, options)
    pending.push(...hashed)
    left = await stampAll(context, changed)
  }
  return pending
}

async function stampAll(context: BytesContext, files: readonly PlacedSource<FileSource>[]): Promise<StampedSource[]> {
  const pause = timeSlices(context.sources)
  const stamped: StampedSource[] = []
  for (const { index, source } of files) {
    const open = openSource(source)
    closeSync(open.fd)
    stamped.push({ index, source, sizeBytes: open.sizeBytes, stamp: stampOf(open.stamp) })
    await pause()
  }
  return stamped
}

async function recall({ known }: BytesContext, files: readonly StampedSource[]): Promise<readonly (Digest | undefined)[]> {
  if (known === undefined) return []
  const worth = files.map((file, place) => ({ file, place })).filter(({ file }) => file.sizeBytes >= REMEMBERED_BYTES)
  const digests = await known.recall(worth.map(({ file: { source, stamp } }) => ({ path: source.path, stamp })))
  const recalled = new Array<Digest | undefined>(files.length)
  for (const [index, { place }] of worth.entries()) recalled[place] = digests[index]
  return recalled
}

async function hashOnce(
  context: BytesContext,
  files: readonly StampedSource[],
  options: TransferOptions
): Promise<{ hashed: PendingBlob[]; changed: StampedSource[] }> {
  const beginMs = context.sources.now()
  const hexes = await hashAll(context, files, options)
  const pause = timeSlices(context.sources)
  const hashed: PendingBlob[] = []
  const changed: StampedSource[] = []
  for (const [place, file] of files.entries()) {
    const hex = hexes[place]
    if (hex !== undefined && isAsStamped(file)) hashed.push(pendingOf(file, `sha256:${hex}`))
    else changed.push(file)
    await pause()
  }
  const worth = hashed.flatMap(({ source, stamp, digest, sizeBytes }) =>
    stamp === undefined || source.kind === 'bytes' || sizeBytes < REMEMBERED_BYTES ? [] : [{ path: source.path, stamp, digest }]
  )
  await context.known?.remember(worth, beginMs)
  return { hashed, changed }
}

async function hashAll({ sources }: BytesContext, files: readonly StampedSource[], { signal, onProgress }: TransferOptions): Promise<(string | undefined)[]> {
  const labels = onProgress && new Map(files.map(({ source }) => [source.path, source.label]))
  try {
    return await hashPaths(
      files.map(({ source }) => source.path),
      {
        signal,
        sizes: files.map(({ sizeBytes }) => sizeBytes),
        onProgress: onProgress && ((progress) => { onProgress({ ...progress, path: labels?.get(progress.path ?? '') }) })
      },
      sources
    )
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    // Opened once more, each says what is wrong with it; a failure to read is that of the one which the system names, if it does.
    for (const { source } of files) closeSync(openSource(source).fd)
    const failed = files.find(({ source }) => types.isNativeError(error) && 'path' in error && error.path === source.path) ?? files[0]
    throw failed === undefined ? error : sourceUnreadable(failed.source, error)
  }
}

/** Whether the file that its path leads to is still the one that was stamped. */
function isAsStamped({ source, stamp }: StampedSource): boolean {
  const now = lstatSync(source.path, { bigint: true, throwIfNoEntry: false })
  return now !== undefined && stampOf(now) === stamp
}

function pendingOf({ index, source, sizeBytes, stamp }: StampedSource, digest: Digest): PendingBlob {
  return { index, source, digest, sizeBytes, stamp }
}
