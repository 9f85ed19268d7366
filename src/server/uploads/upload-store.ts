import { hostname } from 'node:os'
import type { Backend, StoredBlob } from '../../backends/backend.js'
import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import { systemErrorCode, toStemmaError } from '../../io/system-error.js'
import type { Digest } from '../../schemas/digest.js'
import { sha256Hex } from '../../util/sha256.js'
import type { Sources } from '../../util/sources.js'
import type { IncomingChunk } from './append-chunk.js'
import { finishUpload, replayFinish } from './finish-upload.js'
import { appendToUpload, catchUp, createUpload, isKnown, isThere, removeUpload, setSize, type OpenUpload, type UploadStoreOptions } from './open-upload.js'
import { ownerMark, readUploadId, uploadIdFor } from './upload-id.js'
import type { UploadFiles } from './upload-files.js'
import type { Turn } from './upload-turns.js'

/** A chunk that a client sends. */
export interface SentChunk extends IncomingChunk {
  /** Ends it: the pieces then fail with the reason. */
  stop(reason: unknown): void
}

/** Who asks, and until when. */
export interface UploadCall {
  /** The name of the token; `undefined` where the server asks for none. */
  owner: string | undefined
  signal?: AbortSignal | undefined
}

/**
 * Uploads that are under way. Each belongs to the owner that began it: others are told that there is none. What is durable outlives this
 * process; a server that meets an upload of another one copies what that one has.
 *
 * All of them throw NOT_FOUND for an upload that is not there, NO_SPACE, READ_ONLY, ACCESS_DENIED and IO, and the reason of the signal. An error has
 * `details.offset` where the client is to go on.
 */
export interface UploadStore {
  /**
   * Begins an upload; with a digest it goes on with the one of the same bytes.
   *
   * @throws {StemmaError} TOO_MANY_REQUESTS, TOO_LARGE.
   */
  start(wanted: { digest?: Digest | undefined; sizeBytes?: number | undefined }, call: UploadCall): Promise<{ id: string; offset: number }>
  /** How many bytes are durable. */
  offset(id: string, call: UploadCall): Promise<number>
  /**
   * Appends a chunk, and returns the new offset. The chunk that came last may be sent again.
   *
   * @throws {StemmaError} CONFLICT for another place than the end, or while another request writes; DIGEST_MISMATCH, retryable; TOO_LARGE.
   */
  append(id: string, chunk: SentChunk, call: UploadCall): Promise<number>
  /**
   * Checks the digest and gives the file to the backend. May be asked again when the reply was lost.
   *
   * @throws {StemmaError} DIGEST_MISMATCH, and the upload is thrown away; CONFLICT when bytes are missing; INVALID_INPUT for a digest that it was not begun for.
   */
  finish(id: string, digest: Digest, call: UploadCall): Promise<StoredBlob>
  /** Throws an upload away. One that is not there is thrown away already. */
  cancel(id: string, call: UploadCall): Promise<void>
  /** Uploads that this process works on. */
  openUploads(): number
  /** Ends what is under way, which may go on at the next start. */
  close(): Promise<void>
}

/** What an upload store is made from. */
export interface UploadStoreInput {
  backend: Backend
  files: UploadFiles
  sources: Sources
  maxUploadsPerToken: number
  maxUploadBytes: number
}

/** Uploads of which nothing came for longest are forgotten by this process above this number, and met anew on disk. */
const MAX_REMEMBERED = 1_000

/** Opens the uploads of a backend. */
export function createUploadStore({ backend, files, sources, maxUploadsPerToken, maxUploadBytes }: UploadStoreInput): UploadStore {
  const random = Buffer.from(sources.randomBytes(6)).toString('hex')
  const serverTag = `${sha256Hex(hostname()).slice(0, 8)}-${process.pid}-${random}`
  const options: UploadStoreOptions = { files, sources, durable: backend.capabilities.durable, serverTag }
  const uploads = new Map<string, OpenUpload>()
  const opening = new Map<string, Promise<OpenUpload>>()
  const finished = new Map<string, StoredBlob>()
  const closing = new AbortController()
  let serial = 0

  const open = async (id: string): Promise<OpenUpload> => {
    const upload = createUpload(id, serial++, options)
    try {
      await catchUp(upload, options, closing.signal)
    } catch (error) {
      for (const name of files.list()) if (name.startsWith(`${upload.name}.`)) files.remove(name)
      throw error
    }
    uploads.set(id, upload)
    for (const [oldest, { turns }] of uploads) {
      if (uploads.size <= MAX_REMEMBERED) break
      if (!turns.isBusy()) uploads.delete(oldest)
    }
    return upload
  }

  const openOnce = (id: string): Promise<OpenUpload> => {
    const begun = opening.get(id) ?? open(id).finally(() => opening.delete(id))
    opening.set(id, begun)
    return begun
  }

  /** The upload as this server has it, `undefined` when no server has it. */
  const find = async (id: string): Promise<OpenUpload | undefined> => {
    const upload = uploads.get(id)
    if (upload !== undefined && (upload.turns.isBusy() || isThere(upload, options))) {
      uploads.delete(id)
      uploads.set(id, upload)
      return upload
    }
    uploads.delete(id)
    return opening.has(id) || isKnown(id, options) ? openOnce(id) : undefined
  }

  const checkCall = (id: string, { owner, signal }: UploadCall) => {
    signal?.throwIfAborted()
    if (closing.signal.aborted) throw new StemmaError('CLOSED', 'the server is stopping', { hint: 'Ask again in a moment.', retryable: true })
    return readUploadId(id, owner) ?? notFound()
  }

  /** Work on an upload, alone. What was removed while it waited is not there. */
  const inTurn = async <T>(upload: OpenUpload, call: UploadCall & { makeWay?: boolean }, work: (turn: Turn) => Promise<T>): Promise<T> => {
    try {
      return await upload.turns.run(async (turn) => {
        if (upload.isSealed || !isThere(upload, options)) notFound()
        return work(turn)
      }, call)
    } catch (error) {
      // Its files were removed in the middle of the work.
      if (systemErrorCode(error) === 'ENOENT') notFound()
      throw withOffset(toStemmaError(error, 'cannot store the upload', 'uploads'), upload)
    }
  }

  const assertRoom = (owner: string | undefined): void => {
    const mark = `${ownerMark(owner)}-`
    const open = new Set(files.list().flatMap((name) => (name.startsWith(mark) ? [name.slice(0, name.indexOf('.'))] : [])))
    if (open.size < maxUploadsPerToken) return
    throw new StemmaError('TOO_MANY_REQUESTS', `there are ${open.size} open uploads of this token; at most ${maxUploadsPerToken} may be`, {
      hint: 'Finish or cancel some; those that nobody goes on with are removed by garbage collection after a day.',
      details: { open: open.size, limit: maxUploadsPerToken }
    })
  }

  return {
    async start({ digest, sizeBytes }, call) {
      if (sizeBytes !== undefined && sizeBytes > maxUploadBytes) throw tooLarge(sizeBytes, maxUploadBytes)
      const id = uploadIdFor(call.owner, digest, sources)
      checkCall(id, call)
      try {
        let upload = digest === undefined ? undefined : await find(id)
        if (upload === undefined) {
          assertRoom(call.owner)
          upload = await openOnce(id)
        }
        await setSize(upload, sizeBytes, options)
        finished.delete(id)
        return { id, offset: upload.offset }
      } catch (error) {
        throw toStemmaError(error, 'cannot begin an upload', 'uploads')
      }
    },
    async offset(id, call) {
      checkCall(id, call)
      return (await find(id))?.offset ?? notFound()
    },
    async append(id, chunk, call) {
      checkCall(id, call)
      const upload = (await find(id)) ?? notFound()
      return inTurn(upload, call, async (turn) => {
        const stop = (): void => {
          chunk.stop(turn.signal.reason)
        }
        const end = chunk.start + chunk.sizeBytes
        const { last } = upload
        if (last?.start === chunk.start && last.end === end && last.checksum === chunk.checksum) return upload.offset
        if (chunk.start > upload.offset) await catchUp(upload, options, closing.signal)
        if (chunk.start !== upload.offset) throw wrongOffset(upload.offset, chunk.start)
        const limit = upload.sizeBytes ?? maxUploadBytes
        if (end > limit) throw tooLarge(end, limit)
        turn.signal.addEventListener('abort', stop, { once: true })
        await appendToUpload(upload, chunk, turn.moved, options)
        return upload.offset
      })
    },
    async finish(id, digest, call) {
      const { digest: begunFor } = checkCall(id, call)
      if (begunFor !== undefined && begunFor !== digest) throw otherDigest(begunFor, digest)
      const upload = await find(id)
      if (upload === undefined) return (await replayFinish(finished.get(id), digest, backend, call.signal)) ?? notFound()
      try {
        return await inTurn(upload, call, async () => {
          await catchUp(upload, options, closing.signal)
          const stored = await finishUpload(upload, digest, { backend, signal: call.signal, ...options })
          finished.set(id, stored)
          for (const oldest of finished.keys()) if (finished.size > MAX_REMEMBERED) finished.delete(oldest)
          return stored
        })
      } catch (error) {
        // Another request finished it while this one waited.
        const stored = isStemmaError(error, 'NOT_FOUND') ? await replayFinish(finished.get(id), digest, backend, call.signal) : undefined
        if (stored === undefined) throw error
        return stored
      } finally {
        // What was given away is met anew, by copying it.
        if (uploads.get(id) === upload && (upload.isSealed || !isThere(upload, options))) uploads.delete(id)
      }
    },
    async cancel(id, call) {
      checkCall(id, call)
      const upload = await find(id)
      if (upload === undefined) return
      await upload.turns.run(
        async () => {
          removeUpload(id, options)
          uploads.delete(id)
          return Promise.resolve()
        },
        { signal: call.signal, makeWay: true }
      )
    },
    openUploads: () => uploads.size,
    async close() {
      closing.abort(new StemmaError('CLOSED', 'the server is stopping', { hint: 'Ask again in a moment.', retryable: true }))
      await Promise.allSettled(opening.values())
      await Promise.allSettled([...uploads.values()].map(({ turns }) => turns.run(() => Promise.resolve(), { makeWay: true })))
      files.close()
    }
  }
}

function notFound(): never {
  throw new StemmaError('NOT_FOUND', 'there is no such upload: it was never begun, is finished, or was removed', { hint: 'Begin it again.' })
}

function withOffset(error: unknown, { offset }: OpenUpload): unknown {
  if (!isStemmaError(error)) return error
  const { code, message, hint, retryable, details, cause } = error
  return new StemmaError(code, message, { hint, retryable, details: { ...details, offset }, cause })
}

function wrongOffset(offset: number, asked: number): StemmaError {
  return new StemmaError('CONFLICT', `the upload is at ${offset}, and the chunk begins at ${asked}`, {
    hint: `Go on from ${offset}.`,
    details: { offset, asked }
  })
}

function tooLarge(found: number, limit: number): StemmaError {
  return new StemmaError('TOO_LARGE', `the upload would have ${found} bytes; at most ${limit} are allowed`, {
    hint: 'Check the size that the upload was begun with.',
    details: { sizeBytes: found, limit }
  })
}

function otherDigest(expected: Digest, found: Digest): StemmaError {
  return new StemmaError('INVALID_INPUT', `the upload was begun for ${expected}, not for ${found}`, {
    hint: 'Finish it with the digest that it was begun for.',
    details: { expected, found }
  })
}
