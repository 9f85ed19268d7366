import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { openRegistry } from '../../src/index.js'
import { buildManifest, manifestBytes } from '../../src/record/manifest.js'
import { formatChecksum, updateChecksum } from '../../src/wire/chunk-checksum.js'
import { seededRandom } from './seeded-random.js'

/** What all clients together came to. */
export interface Pushed {
  /** Versions by the operation that made them. */
  acknowledged: Map<string, string>
  /** Uploads that went on after the server was killed. */
  resumed: number
  chunks: number
  violations: string[]
}

/** A client of the protocol, and nothing between it and the socket. */
export interface PusherOptions {
  url: string
  name: string
  seed: number
  /** No new version is begun after it. */
  signal: AbortSignal
}

const CHUNK_BYTES = 60_000
const uploadSchema = z.object({ id: z.string(), offset: z.number() })
const versionSchema = z.object({ version: z.string() })
const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}` as const

/** Uploads files in chunks and registers them, version after version; whatever fails is asked again until it is answered. */
export async function pushVersions(options: PusherOptions, pushed: Pushed): Promise<void> {
  const random = seededRandom(options.seed)
  const birth = await emptyBirth()
  for (let count = 0; !options.signal.aborted; count += 1) {
    const operationId = `${options.name}-${count}`
    const bytes = Buffer.from(Uint8Array.from({ length: 100_000 + Math.floor(random() * 200_000) }, () => Math.floor(random() * 256)))
    await upload(options.url, bytes, pushed)
    const artifact = { path: 'weights.bin', sizeBytes: bytes.length, digest: digestOf(bytes), format: 'binary', role: 'weights' as const }
    const manifest = Buffer.from(manifestBytes(buildManifest([artifact])))
    await upload(options.url, manifest, pushed)
    const body = { name: options.name, manifest: digestOf(manifest), birth, version: { bump: 'patch' }, tags: {}, aliases: [] }
    const reply = await ask(`${options.url}/v1/versions`, { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': operationId }, body: JSON.stringify(body) })
    if (reply.status !== 201) {
      pushed.violations.push(`${operationId} was refused: ${reply.status} ${await reply.text()}`)
      return
    }
    pushed.acknowledged.set(operationId, versionSchema.parse(await reply.json()).version)
  }
}

async function upload(url: string, bytes: Buffer, pushed: Pushed): Promise<void> {
  const digest = digestOf(bytes)
  const begin = async () => {
    const reply = await ask(`${url}/v1/uploads`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ digest, sizeBytes: bytes.length }) })
    return uploadSchema.parse(await reply.json())
  }
  let { id, offset } = await begin()
  for (;;) {
    const path = `${url}/v1/uploads/${id}`
    const chunk = bytes.subarray(offset, offset + CHUNK_BYTES)
    const isLast = chunk.length === 0
    const reply = await once(isLast ? `${path}?digest=${digest}` : path, {
      method: isLast ? 'PUT' : 'PATCH',
      headers: isLast ? {} : { 'content-type': 'application/octet-stream', 'upload-offset': String(offset), 'upload-checksum': formatChecksum(updateChecksum(chunk)) },
      ...(isLast ? {} : { body: chunk })
    })
    if (reply?.status === 201) return
    if (reply?.status === 204) {
      pushed.chunks += 1
      offset = Number(reply.headers.get('upload-offset'))
      continue
    }
    if (reply !== undefined && ![409, 404].includes(reply.status)) pushed.violations.push(`a chunk was refused: ${reply.status} ${await reply.text()}`)
    // The server was killed, or another process answered: what was acknowledged must be there.
    await sleep(5)
    const again = await begin()
    // An upload that was finished, whose reply was lost, is not there any more.
    const isFinished = again.offset === 0 && isLast
    if (again.offset < offset && !isFinished) pushed.violations.push(`the server acknowledged ${offset} bytes, and has ${again.offset}`)
    if (again.offset > 0) pushed.resumed += 1
    ;({ id, offset } = again)
  }
}

/** Asks until somebody answers. */
async function ask(url: string, init: RequestInit): Promise<Response> {
  for (;;) {
    const reply = await once(url, init)
    if (reply !== undefined && reply.status < 500) return reply
    await sleep(10)
  }
}

/** `undefined` when nobody answered to the end. */
async function once(url: string, init: RequestInit): Promise<Response | undefined> {
  try {
    const reply = await fetch(url, init)
    return new Response(await reply.arrayBuffer().then((body) => (body.byteLength === 0 ? null : body)), { status: reply.status, headers: reply.headers })
  } catch {
    return undefined
  }
}

/** A story without anything in it, as logModel writes it. */
async function emptyBirth(): Promise<object> {
  await using registry = await openRegistry('memory:')
  const { params, metrics, evaluations, featureImportance, datasets, derivedFrom, code, environment, hardware } = await registry.logModel({ name: 'x', artifacts: { a: 'a' }, capture: false })
  return { schemaVersion: 1, params, metrics, evaluations, featureImportance, datasets, derivedFrom, code, environment, hardware }
}
