import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRegistry, type Registry } from '../../src/index.js'
import { openLocalBackend } from '../../src/backends/local/open-local.js'
import { sha256Hex } from '../../src/util/sha256.js'
import { systemSources } from '../../src/util/sources.js'

/** The folders that an operation works in. Faults strike below `folder` and nowhere else. */
export interface Place {
  folder: string
  store: string
  cache: string
  into: string
}

export function placeIn(folder: string): Place {
  return { folder, store: join(folder, 'store'), cache: join(folder, 'cache'), into: join(folder, 'into', 'model') }
}

/** One call of the library that is to survive any fault. */
export interface Operation {
  name: string
  /** The state that it starts from. */
  base: 'nothing' | 'empty' | 'models' | 'long' | 'trash' | 'needed-trash' | 'cached' | 'damaged-cache' | 'exported' | 'uploaded'
  /** Whether it writes an event; then it carries its name as operation id. */
  commits: boolean
  run(registry: Registry, place: Place): Promise<{ version?: string }>
}

export const MODEL = 'risk/Model'
const DAY_MS = 86_400_000

/** Waits shrink to a fiftieth, so that a fault that is waited out costs little. */
export const hastySources = { ...systemSources, sleep: (delayMs: number, signal?: AbortSignal) => systemSources.sleep(delayMs / 50, signal) }

/** Opens the registry of a place. `laterMs` sets the clock ahead, or back. */
export function open(place: Place, laterMs = 0): Promise<Registry> {
  return openRegistry(place.store, { cache: place.cache, actor: 'durability', sources: hastySources, clock: () => Date.now() + laterMs })
}

const bytes = (length: number, seed: number): Uint8Array => {
  const made = new Uint8Array(length)
  let state = seed + 1
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    made[index] = state >>> 24
  }
  return made
}

function files(seed: number, sizes: readonly number[] = [300, 5_000]): Record<string, Uint8Array> {
  return Object.fromEntries(sizes.map((size, index) => [`part-${index}/weights.bin`, bytes(size, seed * 10 + index)]))
}

/** Three files on disk, one of them too large to be read at once; outside of the place, so that faults do not strike the source. */
export function writeInputs(folder: string): void {
  mkdirSync(join(folder, 'nested'), { recursive: true })
  writeFileSync(join(folder, 'model.onnx'), bytes(1_100_000, 1))
  writeFileSync(join(folder, 'labels.json'), '["good","bad"]')
  writeFileSync(join(folder, 'nested', 'scaler.bin'), bytes(2_000, 2))
}

/** Beside the place, or further up where the place is a file system of its own. */
const inputs = (place: Place): string => {
  const beside = join(place.folder, '..', 'inputs')
  return existsSync(beside) ? beside : join(place.folder, '..', '..', 'inputs')
}
const noCapture = { capture: false } as const

export const OPERATIONS: readonly Operation[] = [
  { name: 'create', base: 'nothing', commits: false, run: () => Promise.resolve({}) },
  {
    name: 'log-first', base: 'empty', commits: true,
    run: (registry, place) => registry.logModel({ name: MODEL, artifacts: inputs(place), ...noCapture }, { operationId: 'log-first' })
  },
  {
    name: 'log-next', base: 'models', commits: true,
    run: (registry) => registry.logModel({ name: MODEL, artifacts: files(90, [10, 70_000, 100]), metrics: { auc: 0.9 }, aliases: ['best'], ...noCapture }, { operationId: 'log-next' })
  },
  {
    name: 'log-same', base: 'trash', commits: true,
    run: (registry) => registry.logModel({ name: MODEL, artifacts: { ...files(1), ...files(4) }, ...noCapture }, { operationId: 'log-same' })
  },
  { name: 'promote', base: 'models', commits: true, run: (registry) => registry.transitionStage(`${MODEL}@1.0.2`, 'production', { operationId: 'promote', reason: 'better' }) },
  { name: 'rollback', base: 'models', commits: true, run: (registry) => registry.rollback(MODEL, { operationId: 'rollback', reason: 'worse' }) },
  { name: 'tag', base: 'models', commits: true, run: (registry) => registry.updateMetadata(`${MODEL}@1.0.2`, { tags: { reviewed: 'yes' }, aliases: ['best'] }, { operationId: 'tag' }) },
  { name: 'delete', base: 'models', commits: true, run: (registry) => registry.deleteVersion(`${MODEL}@1.0.2`, { operationId: 'delete', reason: 'withdrawn' }) },
  { name: 'snapshot', base: 'long', commits: true, run: (registry) => registry.updateMetadata(`${MODEL}@1.0.2`, { tags: { last: 'one' } }, { operationId: 'snapshot' }) },
  { name: 'gc-discard', base: 'models', commits: false, run: (registry) => registry.collectGarbage({ graceMs: 0, force: true }).then(() => ({})) },
  { name: 'gc-remove', base: 'trash', commits: false, run: (registry) => registry.collectGarbage().then(() => ({})) },
  { name: 'gc-restore', base: 'needed-trash', commits: false, run: (registry) => registry.collectGarbage().then(() => ({})) },
  { name: 'owned-file', base: 'uploaded', commits: false, run: (_, place) => storeUpload(place) },
  { name: 'materialize', base: 'models', commits: false, run: (registry) => registry.getModel(`${MODEL}@production`).then(() => ({})) },
  { name: 'heal', base: 'damaged-cache', commits: false, run: (registry) => registry.getModel(`${MODEL}@production`, { verify: 'always' }).then(() => ({})) },
  { name: 'export', base: 'models', commits: false, run: (registry, place) => registry.getModel(`${MODEL}@production`, { into: place.into }).then(() => ({})) },
  { name: 'export-over', base: 'exported', commits: false, run: (registry, place) => registry.getModel(`${MODEL}@production`, { into: place.into, overwrite: true }).then(() => ({})) }
]

/** Makes the state that operations start from. */
export async function prepare(base: Operation['base'], place: Place): Promise<void> {
  mkdirSync(place.folder, { recursive: true })
  if (base === 'nothing') return
  await using registry = await open(place, -3 * DAY_MS)
  if (base === 'empty') return
  await logModels(registry)
  age(join(place.store, 'blobs', 'sha256'))
  if (base === 'long') for (let count = 0; count < 7; count += 1) await registry.updateMetadata(`${MODEL}@1.0.0`, { tags: { count: String(count) } })
  if (base === 'trash') await registry.collectGarbage({ graceMs: 0, force: true })
  if (base === 'needed-trash') await discardNeeded(registry, place)
  if (base === 'uploaded') writeFileSync(uploaded(place), UPLOAD, { flag: 'wx', mode: 0o444 })
  if (base === 'cached' || base === 'damaged-cache') await registry.getModel(`${MODEL}@production`)
  if (base === 'damaged-cache') damage(join(place.cache, 'v1', 'sha256'))
  if (base === 'exported') await registry.getModel(`${MODEL}@1.0.0`, { into: place.into })
}

const UPLOAD = bytes(9_000, 77)
const uploaded = (place: Place): string => join(place.store, 'uploads', 'part')

/** What a server does when an upload is complete; also when it did it before, and does not know. */
async function storeUpload(place: Place): Promise<object> {
  const backend = await openLocalBackend({ root: place.store, sources: hastySources, create: false })
  try {
    const source = { kind: 'owned-file', label: 'part', path: uploaded(place), sizeBytes: UPLOAD.byteLength, digest: `sha256:${sha256Hex(UPLOAD)}` } as const
    const [isStored] = await backend.keepBlobs([source.digest], {})
    if (isStored !== true) await backend.putBlobs([source], {})
    return {}
  } finally {
    await backend.close()
  }
}

/** Eight events: four versions, two promotions, a deletion, a tag. And another model. */
async function logModels(registry: Registry): Promise<void> {
  for (const seed of [1, 2, 3, 4]) await registry.logModel({ name: MODEL, artifacts: files(seed), ...noCapture })
  await registry.transitionStage(`${MODEL}@1.0.0`, 'production', {})
  await registry.transitionStage(`${MODEL}@1.0.1`, 'production', { reason: 'better' })
  await registry.deleteVersion(`${MODEL}@1.0.3`, { reason: 'withdrawn' })
  await registry.updateMetadata(`${MODEL}@1.0.0`, { tags: { owner: 'risk' } })
  await registry.logModel({ name: 'other', artifacts: files(1), ...noCapture })
}

function age(folder: string): void {
  const then = Date.now() / 1000 - 30 * 86_400
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), then, then)
}

/** As after a crash between a collection and the commit that needs what it took. */
async function discardNeeded(registry: Registry, place: Place): Promise<void> {
  const { artifacts } = await registry.getVersion(`${MODEL}@1.0.2`)
  for (const { digest } of artifacts) {
    const hex = digest.replace('sha256:', '')
    renameSync(join(place.store, 'blobs', 'sha256', hex), join(place.store, 'trash', `${Date.now() - 2 * DAY_MS}.${hex}`))
  }
}

function damage(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if (!name.endsWith('weights.bin') || !statSync(path).isFile()) continue
    rmSync(path)
    writeFileSync(path, 'damaged')
  }
}
