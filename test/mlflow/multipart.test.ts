import { describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { openMlflowBackend } from '../../src/backends/mlflow/open-mlflow.js'
import { buildManifest } from '../../src/record/manifest.js'
import type { Digest } from '../../src/schemas/digest.js'
import { sha256Hex } from '../../src/util/sha256.js'
import { prepareVersion } from '../../src/testing/conformance/fixtures.js'
import { installed, line, newPrefix, quick } from './open.js'
import { runStatuses } from './rest.js'
import { refuseParts, storeRequests, type StoreRequest } from './s3-emulator.js'

const TOKEN = 'not-for-the-store-4711'
/** Three parts, the last of them short. */
const LARGE = Buffer.alloc(36_000_000, 'a part of a model, ')
const { s3 } = installed

const isPart = ({ method, path }: StoreRequest): boolean => method === 'PUT' && path.includes('partNumber=')

/** Registers a version with a large file; the file's name is found again in the book of the store. */
async function logLarge(backend: Backend, file: string, signal?: AbortSignal): Promise<Digest> {
  const [blob] = await backend.putBlobs([{ kind: 'bytes', label: file, bytes: LARGE }], {})
  if (!blob) throw new Error('nothing stored')
  const request = await prepareVersion(backend, 'm')
  const large = { path: file, sizeBytes: blob.sizeBytes, digest: blob.digest, format: 'binary', role: 'weights' as const }
  await backend.createVersion({ ...request, manifest: buildManifest([large, ...request.manifest.artifacts]) }, { signal })
  return blob.digest
}

async function sha256Of(chunks: AsyncIterable<Uint8Array>): Promise<{ digest: string; sizeBytes: number }> {
  const read: Uint8Array[] = []
  for await (const chunk of chunks) read.push(chunk)
  const bytes = Buffer.concat(read)
  return { digest: sha256Hex(bytes), sizeBytes: bytes.byteLength }
}

describe(`MLflow ${line} with artifacts on S3`, () => {
  const open = (prefix = newPrefix()): Promise<Backend> =>
    openMlflowBackend({ address: s3.url, prefix, sources: quick, environment: { MLFLOW_TRACKING_TOKEN: TOKEN } })

  it('puts a large file into the store in parts, and reads it from there; the store learns no token', async () => {
    const prefix = newPrefix()
    const backend = await open(prefix)
    const digest = await logLarge(backend, 'in-parts.bin')
    const requests = await storeRequests(s3, 'in-parts.bin')
    expect(requests.filter(isPart).map(({ headers }) => Number(headers['content-length'])).sort((a, b) => a - b)).toEqual([2_445_568, 16_777_216, 16_777_216])
    await backend.close()

    const other = await open(prefix)
    const whole = sha256Hex(LARGE)
    expect(await sha256Of(other.openBlob(digest, {}))).toEqual({ digest: whole, sizeBytes: LARGE.byteLength })
    const start = 20_000_001
    expect(await sha256Of(other.openBlob(digest, { start }))).toEqual({ digest: sha256Hex(LARGE.subarray(start)), sizeBytes: LARGE.byteLength - start })
    expect((await other.verify({}, {})).problems).toEqual([])
    await other.close()

    const seen = await storeRequests(s3, 'in-parts.bin')
    const ranges = seen.map(({ headers }) => headers['range']).filter((range) => range === `bytes=${start}-`)
    // 2.x signs no addresses to read from: there all of it comes through the server.
    expect(ranges).toHaveLength(line === '3.x' ? 1 : 0)
    expect(JSON.stringify(seen)).not.toContain(TOKEN)
    expect(seen.filter(isPart).every(({ headers }) => headers['authorization'] === undefined)).toBe(true)
  })

  it('sends a part again that the store did not take', async () => {
    const backend = await open()
    await refuseParts(s3, 2)
    await logLarge(backend, 'again.bin')
    expect((await storeRequests(s3, 'again.bin')).filter(isPart)).toHaveLength(5)
    await backend.close()
  })

  it('gives the upload up, and sends the file through the server, when the store takes no parts', async () => {
    const backend = await open()
    await refuseParts(s3, 1_000)
    const digest = await logLarge(backend, 'through.bin')
    await refuseParts(s3, 0)
    expect(await uploadsLeft('/through.bin')).toEqual([])
    expect((await sha256Of(backend.openBlob(digest, {}))).digest).toBe(sha256Hex(LARGE))
    await backend.close()
  })

  it('leaves no upload behind when it is aborted, and registers nothing', async () => {
    const prefix = newPrefix()
    const backend = await open(prefix)
    await refuseParts(s3, 1_000)
    const aborting = new AbortController()
    const logging = logLarge(backend, 'aborted.bin', aborting.signal)
    const failed = logging.catch((error: unknown) => error)
    while ((await storeRequests(s3, 'aborted.bin')).filter(isPart).length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    const reason = new Error('enough')
    aborting.abort(reason)
    expect(await failed).toBe(reason)
    await refuseParts(s3, 0)
    expect(await uploadsLeft('/aborted.bin')).toEqual([])
    expect(await runStatuses(s3.url, `${prefix}stemma/m`)).toEqual(['FAILED'])
    await backend.close()
  })

  /** Multipart uploads of a file that neither were completed nor given up. */
  async function uploadsLeft(file: string): Promise<string[]> {
    const begun = await (await fetch(`${s3.store}/${s3.bucket}?uploads`)).text()
    return [...begun.matchAll(/<Key>([^<]*)<\/Key>/g)].flatMap(([, key = '']) => (key.endsWith(file) ? [key] : []))
  }
})
