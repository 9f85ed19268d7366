import { createHash } from 'node:crypto'
import { isStemmaError } from '../../errors/stemma-error.js'
import { mapLimited } from '../../util/map-limited.js'
import type { CallOptions } from '../../util/options.js'
import { sizeOf } from './artifact-folder.js'
import type { MlflowClient } from './client.js'
import { multipartEndpoints, type MultipartUpload } from './endpoints.js'
import { isMissingRoute } from './mlflow-error.js'
import { otherBytes } from './other-bytes.js'
import type { UploadFile } from './upload-files.js'

/** Smaller files go through the server in one request: it takes three more to make and end a multipart upload. */
export const MULTIPART_MIN_BYTES = 33_554_432
/** Stores take parts of 5 MiB and more; each one under way is in memory. */
const PART_BYTES = 16_777_216
/** Stores take so many parts. */
const MAX_PARTS = 10_000
const CONCURRENT_PARTS = 4

/**
 * Sends a large file in parts to the store behind the server, at addresses that the server signs for it.
 *
 * @returns `false` when it has to go through the server: that offers no such upload, or the store cannot be reached from here. Then
 * nothing of it is left.
 * @throws {StemmaError} DIGEST_MISMATCH; what the server answered; `signal.reason`. Then the upload was given up.
 */
export async function uploadInParts(client: MlflowClient, path: string, file: UploadFile, options: CallOptions): Promise<boolean> {
  if (client.offers.multipart === false) return false
  const partBytes = Math.max(PART_BYTES, Math.ceil(file.sizeBytes / MAX_PARTS))
  const upload = await begin(client, path, Math.ceil(file.sizeBytes / partBytes), options)
  if (!upload) return false
  const { endpoints, name, id } = upload
  // Asked once: a store that is dead must not be waited for longer than the upload itself.
  const giveUp = (): Promise<void> => client.call(endpoints.abort, { body: { path: name, ...id }, isReplayable: false }).then(noop, noop)
  const failed = { inStore: false }
  const noting: Noting = (work) =>
    work.catch((error: unknown) => {
      failed.inStore = true
      throw error
    })
  try {
    const parts = await sendParts(client, upload, file, partBytes, options, noting)
    await noting(complete(client, upload, { path, parts, sizeBytes: file.sizeBytes }, options))
    return true
  } catch (error) {
    await giveUp()
    options.signal?.throwIfAborted()
    // What is wrong with the file stays so.
    if (!failed.inStore) throw error
    client.offers.multipart = false
    return false
  }
}

/** Remembers of work that fails that it was the store that failed. */
type Noting = <T>(work: Promise<T>) => Promise<T>

interface Begun extends Pick<MultipartUpload, 'credentials'> {
  readonly endpoints: ReturnType<typeof multipartEndpoints>
  /** Of the file in its folder. */
  readonly name: string
  /** Absent where the store has none. */
  readonly id: { readonly upload_id?: string }
}

/** `undefined` when the server, or where it leads to, has no such upload for us; remembered. */
async function begin(client: MlflowClient, path: string, count: number, { signal }: CallOptions): Promise<Begun | undefined> {
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  const endpoints = multipartEndpoints(path.slice(0, slash))
  try {
    const { upload_id, credentials } = await client.call(endpoints.create, { body: { path: name, num_parts: count }, signal, isReplayable: false })
    const inOrder = credentials.toSorted((left, right) => left.part_number - right.part_number)
    const begun = { endpoints, name, id: upload_id === undefined ? {} : { upload_id }, credentials: inOrder }
    const mayGo = await Promise.all(credentials.map(({ url }) => client.stores.allows(url)))
    if (credentials.length === count && mayGo.every(Boolean)) return begun
    await client.call(endpoints.abort, { body: { path: name, ...begun.id }, isReplayable: false }).catch(noop)
  } catch (error) {
    if (!isMissingRoute(error) && !isStemmaError(error, 'UNSUPPORTED')) {
      signal?.throwIfAborted()
      // One that is ill answers the plain upload with what it has to say.
      return undefined
    }
  }
  client.offers.multipart = false
  return undefined
}

interface SentPart {
  readonly part_number: number
  readonly etag: string
  readonly url: string
}

/** Reads the file once, in order, and sends its parts side by side. The last part waits until the digest of all is the one announced. */
async function sendParts(
  client: MlflowClient,
  { credentials }: Begun,
  file: UploadFile,
  partBytes: number,
  options: CallOptions,
  noting: Noting
): Promise<SentPart[]> {
  const cutter = cutInto(file, partBytes)
  let turn: Promise<unknown> = Promise.resolve()
  const next = (): Promise<Uint8Array> => {
    const reading = turn.then(() => cutter.take())
    turn = reading.catch(noop)
    return reading
  }
  try {
    return await mapLimited(credentials, CONCURRENT_PARTS, async ({ url, headers, part_number }) => {
      const bytes = await next()
      const reply = await noting(client.stores.put({ url, headers }, bytes, options))
      return { part_number, etag: reply['etag'] ?? '', url }
    })
  } finally {
    await turn
    await cutter.close()
  }
}

interface Cutter {
  /** The next part; the last one only when the digest of the whole is right. */
  take(): Promise<Uint8Array>
  close(): Promise<void>
}

function cutInto({ open, path, sizeBytes, sha256 }: UploadFile, partBytes: number): Cutter {
  const chunks = open()[Symbol.asyncIterator]()
  const hash = createHash('sha256')
  let rest: Uint8Array = new Uint8Array(0)
  let taken = 0
  return {
    async take() {
      const part = Buffer.allocUnsafe(Math.min(partBytes, sizeBytes - taken))
      let filled = 0
      while (filled < part.byteLength) {
        if (rest.byteLength === 0) {
          const next = await chunks.next()
          if (next.done === true) throw otherBytes(path, sha256)
          rest = next.value
        }
        const piece = rest.subarray(0, part.byteLength - filled)
        part.set(piece, filled)
        filled += piece.byteLength
        rest = rest.subarray(piece.byteLength)
      }
      hash.update(part)
      taken += filled
      if (taken === sizeBytes && (rest.byteLength > 0 || hash.digest('hex') !== sha256)) throw otherBytes(path, sha256)
      return part
    },
    async close() {
      await chunks.return?.()
    }
  }
}

/** Ends the upload. Said twice, it is refused: a lost reply is told from a failure by what the server lists. */
async function complete(
  client: MlflowClient,
  { endpoints, name, id }: Begun,
  { path, parts, sizeBytes }: { path: string; parts: SentPart[]; sizeBytes: number },
  { signal }: CallOptions
): Promise<void> {
  try {
    await client.call(endpoints.complete, { body: { path: name, ...id, parts }, signal, isReplayable: false })
  } catch (error) {
    signal?.throwIfAborted()
    if ((await sizeOf(client, path, signal).catch(noop)) === sizeBytes) return
    throw error
  }
}

function noop(): undefined {
  return undefined
}
