import { createHash, type Hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { isStemmaError } from '../../errors/stemma-error.js'
import { isProcessAlive } from '../../io/is-process-alive.js'
import { systemErrorCode } from '../../io/system-error.js'
import type { Sources } from '../../util/sources.js'
import { appendChunk, type IncomingChunk } from './append-chunk.js'
import type { UploadFiles } from './upload-files.js'
import { formatRecordLine, formatSizeLine, readRecord, readSize, type RecordedChunk } from './upload-record.js'
import { createUploadTurns, type UploadTurns } from './upload-turns.js'

/** What the uploads of one server share. */
export interface UploadStoreOptions {
  files: UploadFiles
  sources: Sources
  /** Whether what is acknowledged must survive a power cut. */
  durable: boolean
  /** `<hash of the host>-<process id>-<random>`: the beginning of the names of this server's files, after the id. */
  serverTag: string
}

/** An upload that this server works on, in a data file and a record of its own: no other process ever writes to them. */
export interface OpenUpload {
  readonly id: string
  /** `<id>.<server tag>-<serial>`. */
  readonly name: string
  readonly turns: UploadTurns
  /** Bytes that are durable. */
  offset: number
  /** The sha256 of those. */
  hash: Hash
  /** What the client says that there will be. */
  sizeBytes: number | undefined
  /** The chunk that came last, to know it again when its reply was lost. */
  last: RecordedChunk | undefined
  /** Whether the names of its files are durable. */
  isNamed: boolean
  /** Whether its file was given away: it may be a blob by now, also when that failed, and is never written to again. */
  isSealed: boolean
}

const DATA = '.data'
const RECORD = '.offset'

/** The file that the bytes of an upload gather in. */
export function dataOf({ name }: Pick<OpenUpload, 'name'>): string {
  return name + DATA
}

/** Begins an upload: with two empty files, the record being the mark by which other servers know of it. */
export function createUpload(id: string, serial: number, { files, sources, serverTag }: UploadStoreOptions): OpenUpload {
  const name = `${id}.${serverTag}-${serial}`
  files.create(name + DATA)
  files.create(name + RECORD)
  return { id, name, turns: createUploadTurns(sources), offset: 0, hash: createHash('sha256'), sizeBytes: undefined, last: undefined, isNamed: false, isSealed: false }
}

/** Whether the files of an upload are still there: garbage collection takes those on which nobody worked for a day. */
export function isThere({ name }: OpenUpload, { files }: UploadStoreOptions): boolean {
  return files.exists(name + DATA) && files.exists(name + RECORD)
}

/**
 * Appends a chunk. Only when its bytes are durable it is recorded, and only when that is durable the offset moves; whatever fails
 * before leaves the upload as it was.
 *
 * @throws as {@link appendChunk}; the system's own errors.
 */
export async function appendToUpload(upload: OpenUpload, chunk: IncomingChunk, moved: () => void, options: UploadStoreOptions): Promise<void> {
  const { files, durable } = options
  const file = files.open(upload.name + DATA)
  try {
    const hash = await appendChunk(file, chunk, { hash: upload.hash, durable, moved })
    if (durable && !upload.isNamed) await files.sync()
    upload.isNamed = true
    const recorded = { start: chunk.start, end: chunk.start + chunk.sizeBytes, checksum: chunk.checksum }
    if (chunk.sizeBytes > 0) await files.append(upload.name + RECORD, formatRecordLine(upload.id, recorded), durable)
    Object.assign(upload, { offset: recorded.end, hash, last: recorded })
  } catch (error) {
    truncateQuietly(() => {
      file.truncate(upload.offset)
    })
    throw error
  } finally {
    await file.close()
  }
}

/** Gives back the space of what is not recorded. It is overwritten in any case. */
function truncateQuietly(truncate: () => void): void {
  try {
    truncate()
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
  }
}

/** Notes how many bytes there will be, for this server and for those that take the upload over. A note that is lost costs nothing. */
export async function setSize(upload: OpenUpload, sizeBytes: number | undefined, { files }: UploadStoreOptions): Promise<void> {
  if (sizeBytes === undefined || sizeBytes === upload.sizeBytes) return
  upload.sizeBytes = sizeBytes
  await files.append(upload.name + RECORD, formatSizeLine(upload.id, sizeBytes), false)
}

/** The names of all files of an upload, of this server and of others. */
export function filesOf(id: string, { files }: UploadStoreOptions): string[] {
  return files.list().filter((name) => name.startsWith(`${id}.`))
}

/** Whether any server of this store knows of the upload. */
export function isKnown(id: string, options: UploadStoreOptions): boolean {
  return filesOf(id, options).some((name) => name.endsWith(RECORD))
}

/**
 * Copies what other servers, or this one before it was started again, have of an upload beyond its offset. A file that another process
 * may write to is only read, and every chunk is held against its CRC-32: so it does not matter whether that process still lives.
 */
export async function catchUp(upload: OpenUpload, options: UploadStoreOptions, signal: AbortSignal): Promise<void> {
  const others = filesOf(upload.id, options)
    .filter((name) => name.endsWith(RECORD) && name !== upload.name + RECORD)
    .map((name) => name.slice(0, -RECORD.length))
  for (const other of others) {
    const record = options.files.read(other + RECORD) ?? new Uint8Array()
    const chunks = readRecord(upload.id, record)
    await setSize(upload, upload.sizeBytes ?? readSize(upload.id, record), options)
    for (const chunk of chunks) {
      signal.throwIfAborted()
      if (chunk.start > upload.offset || chunk.end <= upload.offset) continue
      const rest = chunk.start === upload.offset ? chunk : await restOf(other, chunk, upload.offset, options)
      if (rest === undefined || !(await copyChunk(upload, other, rest, options))) break
    }
    if (upload.offset >= (chunks.at(-1)?.end ?? 0) && isFromDeadProcess(other, options)) removeFiles(other, options)
  }
}

/** What of a chunk lies after a place in it, where other servers got chunks of other sizes; `undefined` for one that is damaged. */
async function restOf(other: string, { start, end, checksum }: RecordedChunk, from: number, { files }: UploadStoreOptions): Promise<RecordedChunk | undefined> {
  let [at, whole, rest] = [start, 0, 0]
  try {
    for await (const piece of files.openRange(other + DATA, start, end)) {
      whole = crc32(piece, whole)
      rest = crc32(piece.subarray(Math.max(0, from - at)), rest)
      at += piece.byteLength
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
  return at === end && whole === checksum ? { start: from, end, checksum: rest } : undefined
}

async function copyChunk(upload: OpenUpload, other: string, { start, end, checksum }: RecordedChunk, options: UploadStoreOptions): Promise<boolean> {
  const pieces = options.files.openRange(other + DATA, start, end)
  try {
    await appendToUpload(upload, { pieces, start, sizeBytes: end - start, checksum }, () => undefined, options)
    return true
  } catch (error) {
    // Damaged, shorter than its record says, or removed meanwhile: then the client sends it again.
    if (isStemmaError(error, 'DIGEST_MISMATCH', 'INVALID_INPUT') || systemErrorCode(error) === 'ENOENT') return false
    throw error
  }
}

/** Only where it can be told: a process of this host that has ended. The files of others are left to garbage collection. */
function isFromDeadProcess(name: string, { serverTag }: UploadStoreOptions): boolean {
  const [host = ''] = serverTag.split('-')
  const [tagHost, processId = ''] = name.slice(name.indexOf('.') + 1).split('-')
  return tagHost === host && /^\d{1,10}$/.test(processId) && !isProcessAlive(Number(processId))
}

function removeFiles(name: string, { files }: UploadStoreOptions): void {
  // The record last: without it the data would be a leftover that nobody knows.
  files.remove(name + DATA)
  files.remove(name + RECORD)
}

/** Removes all files of an upload, of every server: it is finished or thrown away. */
export function removeUpload(id: string, options: UploadStoreOptions): void {
  for (const name of filesOf(id, options)) options.files.remove(name)
}
