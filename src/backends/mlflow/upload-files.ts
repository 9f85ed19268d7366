import { createHash } from 'node:crypto'
import { StemmaError } from '../../errors/stemma-error.js'
import type { RequestBody } from '../../transport/endpoint.js'
import { mapLimited } from '../../util/map-limited.js'
import { sha256Hex } from '../../util/sha256.js'
import type { CallOptions } from '../../util/options.js'
import { allOf } from './all-of.js'
import { listFilesBeside, putFile, readFile } from './artifact-folder.js'
import type { MlflowClient } from './client.js'
import { MULTIPART_MIN_BYTES, uploadInParts } from './multipart.js'
import { otherBytes } from './other-bytes.js'

/** A file on its way into a folder of artifacts. */
export interface UploadFile {
  /** From the folder on. */
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
  readonly open: () => AsyncIterable<Uint8Array>
}

const CONCURRENT_UPLOADS = 12
/** Up to this size a file goes out in one piece. */
const SMALL_BYTES = 262_144
/** Files this small are read back, so many of them. */
const READ_BACK_BYTES = 65_536
const READ_BACK_FILES = 4

/**
 * Puts files into a folder, those of `last` after all others, and checks that the server has them: by the sizes that it lists, and by
 * the bytes of a few small ones.
 *
 * @throws {StemmaError} DIGEST_MISMATCH for a file whose bytes are not those announced; IO for one that the server did not keep.
 */
export async function uploadFiles(client: MlflowClient, folder: string, files: readonly UploadFile[], last: readonly UploadFile[], options: CallOptions): Promise<void> {
  const whole: UploadFile[] = []
  // One after the other: the parts of one are sent side by side.
  for (const file of files) {
    const isSent = file.sizeBytes >= MULTIPART_MIN_BYTES && (await uploadInParts(client, `${folder}/${file.path}`, file, options))
    if (!isSent) whole.push(file)
  }
  for (const group of [whole, last]) {
    await mapLimited(group, CONCURRENT_UPLOADS, async (file) => {
      options.signal?.throwIfAborted()
      await putFile(client, `${folder}/${file.path}`, await bodyOf(file), { signal: options.signal })
    })
  }
  const small = files.filter(({ sizeBytes }) => sizeBytes <= READ_BACK_BYTES).slice(0, READ_BACK_FILES)
  const back = [...small, ...last.filter(({ sizeBytes }) => sizeBytes <= READ_BACK_BYTES)]
  await allOf(
    checkSizes(client, folder, [...files, ...last], options),
    mapLimited(back, CONCURRENT_UPLOADS, (file) => checkBytes(client, folder, file, options))
  )
}

async function bodyOf(file: UploadFile): Promise<RequestBody> {
  const { sizeBytes, open, path, sha256 } = file
  if (sizeBytes > SMALL_BYTES) return { kind: 'stream', sizeBytes, open: () => checked(file, open()) }
  const chunks: Uint8Array[] = []
  for await (const chunk of open()) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  if (sha256Hex(bytes) !== sha256) throw otherBytes(path, sha256)
  return { kind: 'bytes', bytes }
}

/** The bytes on their way are those that were announced, or the last piece is held back, so that the server does not get all of them. */
async function* checked({ path, sha256 }: UploadFile, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let held: Uint8Array | undefined
  for await (const chunk of chunks) {
    hash.update(chunk)
    if (held) yield held
    held = chunk
  }
  if (hash.digest('hex') !== sha256) throw otherBytes(path, sha256)
  if (held) yield held
}

async function checkSizes(client: MlflowClient, folder: string, files: readonly UploadFile[], options: CallOptions): Promise<void> {
  const paths = files.map(({ path }) => path)
  const listed = new Map((await listFilesBeside(client, folder, paths, options)).map(({ path, sizeBytes }) => [path, sizeBytes]))
  for (const { path, sizeBytes } of files) {
    const found = listed.get(path)
    if (found === sizeBytes) continue
    throw notKept(client, path, `wanted ${sizeBytes} bytes, found ${found === undefined ? 'no file' : `${found} bytes`}`)
  }
}

async function checkBytes(client: MlflowClient, folder: string, { path, sha256 }: UploadFile, options: CallOptions): Promise<void> {
  const hash = createHash('sha256')
  for await (const chunk of readFile(client, `${folder}/${path}`, options)) hash.update(chunk)
  if (hash.digest('hex') !== sha256) throw notKept(client, path, 'it came back with other bytes')
}

function notKept(client: MlflowClient, path: string, why: string): StemmaError {
  return new StemmaError('IO', `${client.baseUrl} did not keep ${path} as it was sent: ${why}`, {
    hint: 'Nothing was registered. Check what is between this machine and the MLflow server, and its artifact store.',
    details: { path }
  })
}
