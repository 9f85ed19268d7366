import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StoreFs } from '../../src/io/store-fs.js'
import { startWorkerLane, workerFile } from '../../src/io/worker-lane.js'
import { runCommand } from '../../src/io/run-command.js'

const source = join(import.meta.dirname, '..', '..', 'src', 'io')
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
let folder: string
const contents = new Map<string, Uint8Array>()
const at = (...names: string[]): string => join(folder, ...names)

async function load(file: string): Promise<StoreFs> {
  const loaded: unknown = await import(pathToFileURL(file).href)
  if (!isModule(loaded)) throw new TypeError(`${file} exports no nodeStoreFs`)
  return loaded.nodeStoreFs
}

function isModule(value: unknown): value is { nodeStoreFs: StoreFs } {
  return typeof value === 'object' && value !== null && 'nodeStoreFs' in value
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-worker-'))
  // As the package is built, but for what concerns size and types only.
  await writeFile(at('package.json'), '{ "type": "module" }')
  await build({
    entry: { index: join(source, 'node-store-fs.ts'), 'io/hash-worker': join(source, 'hash-worker.ts') },
    format: ['esm', 'cjs'],
    outDir: at('built'),
    target: 'node20',
    platform: 'node',
    splitting: true,
    shims: true,
    config: false,
    silent: true
  })
  for (let index = 0; index < 900; index++) contents.set(at(`small${index}`), Buffer.alloc(index, String(index)))
  for (let index = 0; index < 4; index++) contents.set(at(`large${index}`), Buffer.alloc(22_000_000 + index, String(index)))
  for (const [path, content] of contents) await writeFile(path, content)
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('workerFile', () => {
  it('finds the worker from each place of the build, and none where there is none', async () => {
    await mkdir(at('dist', 'io'), { recursive: true })
    await mkdir(at('dist', 'backends'), { recursive: true })
    await writeFile(at('dist', 'io', 'hash-worker.js'), '')
    await writeFile(at('dist', 'io', 'hash-worker.cjs'), '')
    const url = (...names: string[]): string => pathToFileURL(at('dist', ...names)).href
    expect(workerFile(url('chunk-ABC.js'))?.href).toBe(url('io', 'hash-worker.js'))
    expect(workerFile(url('index.cjs'))?.href).toBe(url('io', 'hash-worker.cjs'))
    expect(workerFile(url('backends', 'index.js'))?.href).toBe(url('io', 'hash-worker.js'))
    expect(workerFile(url('io', 'node-store-fs.js'))?.href).toBe(url('io', 'hash-worker.js'))
    expect(workerFile(url('deep', 'er', 'index.js'))).toBeUndefined()
    expect(workerFile('https://example.org/index.js')).toBeUndefined()
    expect(workerFile('')).toBeUndefined()
    expect(workerFile(undefined)).toBeUndefined()
    expect(workerFile(import.meta.url)).toBeUndefined()
  })
})

describe.each(['index.js', 'index.cjs'])('with workers, %s', (entry) => {
  let fs: StoreFs
  let started = 0
  const count = (): void => {
    started += 1
  }
  beforeAll(async () => {
    fs = await load(at('built', entry))
    await mkdir(at(entry))
    process.on('worker', count)
  })
  afterAll(() => {
    process.off('worker', count)
  })

  it('hashes as one thread does', async () => {
    const found = await fs.hash([...contents.keys(), at('absent')], {})
    expect(found).toEqual([...[...contents.values()].map(sha256), undefined])
    expect(started).toBeGreaterThan(0)
  })

  it.each([true, false])('stores as one thread does, sync %s', async (sync) => {
    const items = [...contents].map(([path, bytes], index) => ({
      source: { kind: 'file', label: path, path, sizeBytes: bytes.byteLength } as const,
      target: at(entry, `target-${sync}-${index}`)
    }))
    let doneBytes = 0
    const ingested = await fs.ingest(items, { mode: 0o444, sync, onProgress: (event) => { doneBytes = event.doneBytes } })
    expect(ingested.map(({ sha256: hex }) => hex)).toEqual([...contents.values()].map(sha256))
    expect(doneBytes).toBe([...contents.values()].reduce((sum, { byteLength }) => sum + byteLength, 0))
    expect(await fs.hash(items.map(({ target }) => target), {})).toEqual([...contents.values()].map(sha256))
  })

  it('gives errors of workers as its own, and removes what was written', async () => {
    const items = [...contents].map(([path, bytes], index) => ({
      source: { kind: 'file', label: `l${index}`, path: index % 300 === 299 ? `${path}-absent` : path, sizeBytes: bytes.byteLength } as const,
      target: at(entry, `failed-${index}`)
    }))
    await expect(fs.ingest(items, { mode: 0o444, sync: false })).rejects.toMatchObject({ name: 'StemmaError', code: 'SOURCE_UNREADABLE' })
    expect(readdirSync(at(entry)).filter((name) => name.startsWith('failed'))).toEqual([])
  })

  it('stops all threads when aborted, and leaves nothing', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const items = [...contents].map(([path, bytes], index) => ({
      source: { kind: 'file', label: path, path, sizeBytes: bytes.byteLength } as const,
      target: at(entry, `aborted-${index}`)
    }))
    const onProgress = (): void => { controller.abort(reason) }
    await expect(fs.ingest(items, { mode: 0o444, sync: false, signal: controller.signal, onProgress })).rejects.toBe(reason)
    expect(readdirSync(at(entry)).filter((name) => name.startsWith('aborted'))).toEqual([])
  })

  it('does not keep the process alive', async () => {
    const program = `
      import(${JSON.stringify(pathToFileURL(at('built', entry)).href)}).then(async ({ nodeStoreFs }) => {
        const found = await nodeStoreFs.hash(${JSON.stringify([...contents.keys()].slice(-4))}, {})
        console.log(found.length)
      })`
    const result = await runCommand(process.execPath, ['-e', program], { timeoutMs: 20_000, maxOutputBytes: 1_000 })
    expect(result).toMatchObject({ ended: 'exited', exitCode: 0 })
    expect(new TextDecoder().decode(result.stdout)).toBe('4\n')
  })
})

it('does everything in this thread where the worker is missing', async () => {
  await cp(at('built'), at('alone'), { recursive: true })
  await rm(at('alone', 'io'), { recursive: true })
  const started: unknown[] = []
  const note = (worker: unknown): void => {
    started.push(worker)
  }
  process.on('worker', note)
  const found = await (await load(at('alone', 'index.cjs'))).hash([...contents.keys()], {})
  process.off('worker', note)
  expect(found).toEqual([...contents.values()].map(sha256))
  expect(started).toEqual([])
})

const DIED = 'the worker thread ended before its work was done'

describe('startWorkerLane', () => {
  it.each([
    ['says something else', 'require("worker_threads").parentPort.postMessage({ kind: "ready", name: "other" })'],
    ['fails', 'throw new Error("broken")'],
    ['ends at once', '']
  ])('is not ready with a file that %s', async (name, program) => {
    const file = at(`${name.replaceAll(' ', '-')}.cjs`)
    await writeFile(file, program)
    const lane = startWorkerLane(pathToFileURL(file), new SharedArrayBuffer(4))
    expect(await lane?.ready).toBe(false)
    lane?.close()
  })

  it('gives each of the tasks that wait its own answer', async () => {
    const file = at('answers.cjs')
    const answer = "({ kind: 'done', results: [{ sha256: String(task.files.length), sizeBytes: 0 }] })"
    await writeFile(file, `const { parentPort } = require("worker_threads"); parentPort.on("message", ({ task }) => parentPort.postMessage${answer}); parentPort.postMessage({ kind: "ready", name: "stemma-hash-worker-1" })`)
    const lane = startWorkerLane(pathToFileURL(file), new SharedArrayBuffer(4))
    expect(await lane?.ready).toBe(true)
    const task = (count: number) => ({ kind: 'hash', files: Array.from({ length: count }, (_, index) => ({ index, path: '/x', sizeBytes: 0 })) }) as const
    const answers = await Promise.all([3, 1, 2].map(async (count) => lane?.run(task(count), () => undefined)))
    expect(answers.map((results) => results?.[0]?.sha256)).toEqual(['3', '1', '2'])
    lane?.close()
  })

  it('rejects the task when the thread dies over it, and those that wait', async () => {
    const file = at('dies.cjs')
    await writeFile(file, 'const { parentPort } = require("worker_threads"); parentPort.on("message", () => process.exit(3)); parentPort.postMessage({ kind: "ready", name: "stemma-hash-worker-1" })')
    const lane = startWorkerLane(pathToFileURL(file), new SharedArrayBuffer(4))
    expect(await lane?.ready).toBe(true)
    const tasks = await Promise.allSettled([1, 2].map(async () => lane?.run({ kind: 'hash', files: [] }, () => undefined)))
    expect(tasks).toMatchObject([{ reason: { message: DIED } }, { reason: { message: DIED } }])
  })
})
