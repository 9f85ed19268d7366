import { spawn } from 'node:child_process'
import { mkdtempSync, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answers, end, endsWithUs, freePort } from './processes.js'
import { pythonEnvironment } from './python.js'

/** A request that came to the store. */
export interface StoreRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** An S3 emulator, behind a door that keeps a book of who came. */
export interface S3Emulator {
  readonly url: string
  stop(): Promise<void>
}

/** Where the artifacts of a server are. */
interface Place {
  /** Address of the emulator. */
  readonly store: string
  readonly bucket: string
}

const BOOK = '/-/requests'
const REFUSALS = '/-/refuse'

/** Starts moto, with a bucket for each name. */
export async function startS3(python: string, buckets: readonly string[]): Promise<S3Emulator> {
  const folder = mkdtempSync(join(tmpdir(), 'stemma-mlflow-s3-'))
  const port = await freePort()
  const log = join(folder, 'moto.log')
  const output = openSync(log, 'a')
  const child = spawn(python, ['-m', 'moto.server', '--host', '127.0.0.1', '--port', String(port)], {
    ...{ cwd: folder, detached: true, stdio: ['ignore', output, output], env: pythonEnvironment() }
  })
  endsWithUs(child)
  await answers(`http://127.0.0.1:${port}/moto-api/`, child, log)
  for (const bucket of buckets) await fetch(`http://127.0.0.1:${port}/${bucket}`, { method: 'PUT' })

  const book: StoreRequest[] = []
  const refusals = new Map<string, number>()
  const door = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming
    if (url === BOOK) {
      outgoing.end(JSON.stringify(book))
      return
    }
    if (url.startsWith(REFUSALS)) {
      const { searchParams } = new URL(url, 'http://door')
      refusals.set(searchParams.get('bucket') ?? '', Number(searchParams.get('count')))
      outgoing.end()
      return
    }
    book.push({ method, path: url, headers })
    const bucket = url.split('/')[1] ?? ''
    const left = refusals.get(bucket) ?? 0
    if (left > 0 && url.includes('partNumber=') && headers.authorization === undefined) {
      refusals.set(bucket, left - 1)
      incoming.resume().once('end', () => outgoing.writeHead(503).end('<Error><Code>SlowDown</Code></Error>'))
      return
    }
    const passed = request({ hostname: '127.0.0.1', port, path: url, method, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(outgoing)
    })
    passed.once('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  const address = door.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}`,
    async stop() {
      door.closeAllConnections()
      door.close()
      await end(child)
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** Requests that concerned a file of that name in a bucket. */
export async function storeRequests({ store, bucket }: Place, file: string): Promise<StoreRequest[]> {
  const book = (await (await fetch(`${store}${BOOK}`)).json()) as StoreRequest[]
  return book.filter(({ path }) => path.startsWith(`/${bucket}/`) && path.includes(`/${file}`))
}

/** Refuses the next so many parts of a bucket that come with a signed address, as a store does that is asked too often. */
export async function refuseParts({ store, bucket }: Place, count: number): Promise<void> {
  await fetch(`${store}${REFUSALS}?bucket=${bucket}&count=${count}`)
}
