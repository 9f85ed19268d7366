import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { createMemoryBackend } from '../../src/backends/memory/create-memory-backend.js'
import { StemmaError } from '../../src/errors/stemma-error.js'
import { createRegistry } from '../../src/registry/create-registry.js'
import type { LogModelInput } from '../../src/registry/log-model.js'
import type { QueuedModel } from '../../src/registry/outbox/queued-model.js'
import type { Registry } from '../../src/registry/registry.js'
import { systemSources } from '../../src/util/sources.js'
import { all, errorOf, temporaryFolder } from '../support/test-registry.js'

/** Where a line to the registry is cut: before a call reaches it, or after it acted and before its answer. */
type Cut = 'before' | 'after'

interface Line {
  registry: Registry
  backend: Backend
  outbox: string
  warnings: string[]
  /** Methods of the backend whose line is cut; `all` for every one. */
  cut: Map<string, Cut>
  /** Called when bytes are put, before they are. */
  onPut: () => void
  /** How many times the backend itself was asked to create a version. */
  created: () => number
}

const TRANSPORTED = ['putBlobs', 'createVersion', 'resolve', 'keepBlobs'] as const

/** A registry whose backend is a wire away, and the wire can be cut. */
function registryOverLine({ outbox = join(temporaryFolder(), 'outbox'), backend = createMemoryBackend({ sources: systemSources }), location = 'https://registry.example.org' } = {}): Line {
  const cut = new Map<string, Cut>()
  const warnings: string[] = []
  let createdCount = 0
  const unavailable = (): StemmaError => new StemmaError('REGISTRY_UNAVAILABLE', `${location} does not answer`)
  const remote: Backend = { ...backend, location }
  const line: Pick<Line, 'onPut'> = { onPut: () => undefined }
  for (const method of TRANSPORTED) {
    const through = backend[method].bind(backend) as (...values: unknown[]) => Promise<unknown>
    Object.assign(remote, {
      [method]: async (...values: unknown[]) => {
        if (method === 'putBlobs') line.onPut()
        const how = cut.get(method) ?? cut.get('all')
        if (how === 'before') throw unavailable()
        if (method === 'createVersion') createdCount += 1
        const result = await through(...values)
        if (how === 'after') throw method === 'createVersion' ? new StemmaError('COMMIT_UNKNOWN', 'no answer') : unavailable()
        return result
      }
    })
  }
  const logger = { warn: (message: string) => void warnings.push(message) }
  const registry = createRegistry(remote, { outbox, cache: join(temporaryFolder(), 'cache'), logger })
  onTestFinished(() => registry.close())
  return Object.assign(line, { registry, backend, outbox, warnings, cut, created: () => createdCount })
}

const small = (more: Partial<LogModelInput> = {}): LogModelInput => ({ name: 'spam', artifacts: { 'model.bin': 'weights', 'labels.txt': 'ham\nspam\n' }, capture: false, ...more })

async function queue(line: Line, input: LogModelInput = small(), options: { operationId?: string; actor?: string } = {}): Promise<QueuedModel> {
  const result = await line.registry.logModel(input, { offline: 'queue', ...options })
  if (!('queued' in result)) throw new Error('it was not queued')
  return result
}

describe('logModel with offline: queue', () => {
  it('publishes at once when the registry answers, and leaves nothing behind', async () => {
    const line = registryOverLine()
    const version = await line.registry.logModel(small(), { offline: 'queue' })
    expect(version).toMatchObject({ name: 'spam', version: '1.0.0' })
    expect(existsSync(line.outbox)).toBe(false)
  })

  it('fails as ever without it', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    expect(await errorOf(line.registry.logModel(small()))).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
    expect(existsSync(line.outbox)).toBe(false)
  })

  it('queues what cannot be published, says so, and delivers it once', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    const queued = await queue(line, small({ metrics: { auc: 0.9 }, tags: { site: 'berlin' }, description: 'first', aliases: ['best'], bump: 'minor' }), { actor: 'trainer' })
    expect(queued).toMatchObject({ queued: true, name: 'spam', artifactCount: 2, sizeBytes: 16 })
    expect(line.warnings).toEqual([expect.stringContaining('until flushOutbox()')])
    expect(await all(line.registry.outbox())).toEqual([queued])
    expect(readFileSync(join(line.outbox, '.gitignore'), 'utf8')).toBe('*\n')

    expect(await line.registry.flushOutbox()).toMatchObject({ delivered: [], failed: [], waiting: [queued], because: { code: 'REGISTRY_UNAVAILABLE' } })
    line.cut.clear()
    const { delivered } = await line.registry.flushOutbox()
    expect(delivered).toHaveLength(1)
    expect(delivered[0]).toMatchObject({ name: 'spam', version: '1.0.0', digest: queued.digest, createdBy: 'trainer', metrics: { auc: 0.9 }, tags: { site: 'berlin' }, description: 'first', aliases: ['best'] })
    expect(await (await line.registry.getModel('spam')).read('model.bin')).toEqual(new Uint8Array(Buffer.from('weights')))
    expect(await line.registry.flushOutbox()).toEqual({ delivered: [], failed: [], waiting: [] })
    expect(readdirSync(line.outbox)).toEqual(['.gitignore'])
    expect(line.created()).toBe(1)
  })

  it('gives the digest that publishing would have given', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    const { digest } = await queue(line)
    line.cut.clear()
    expect((await line.registry.logModel(small({ name: 'other' }))).digest).toBe(digest)
  })

  it.each(['putBlobs', 'createVersion'])('queues when the line is cut at %s after a first success', async (method) => {
    const line = registryOverLine()
    line.cut.set(method, 'before')
    await queue(line)
    line.cut.clear()
    expect((await line.registry.flushOutbox()).delivered).toHaveLength(1)
    expect(await all(line.registry.versions('spam'))).toHaveLength(1)
  })

  it('makes one version of a commit whose answer was lost', async () => {
    const line = registryOverLine()
    line.cut.set('createVersion', 'after')
    await queue(line)
    expect(await all(line.registry.versions('spam'))).toHaveLength(1)
    expect((await line.registry.flushOutbox()).waiting).toHaveLength(1)
    line.cut.clear()
    expect((await line.registry.flushOutbox()).delivered).toMatchObject([{ version: '1.0.0' }])
    expect(await all(line.registry.versions('spam'))).toHaveLength(1)
    expect(await all(line.registry.history('spam'))).toHaveLength(1)
  })

  it('makes one version when a process dies between delivery and clean-up', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    const { folder } = await queue(line)
    line.cut.clear()
    await line.registry.flushOutbox()
    // The same queued model again, as a crash before its removal leaves it.
    line.cut.set('all', 'before')
    const again = await queue(line, small(), { operationId: 'job-7' })
    line.cut.clear()
    await line.registry.logModel(small(), { operationId: 'job-7' })
    expect((await line.registry.flushOutbox()).delivered).toMatchObject([{ version: '1.0.1' }])
    expect(await all(line.registry.versions('spam'))).toHaveLength(2)
    expect([folder, again.folder].filter(existsSync)).toEqual([])
  })

  it('makes one version each when several processes deliver at the same time', async () => {
    const backend = createMemoryBackend({ sources: systemSources })
    const line = registryOverLine({ backend })
    const lines = [line, ...Array.from({ length: 3 }, () => registryOverLine({ backend, outbox: line.outbox }))]
    line.cut.set('all', 'before')
    for (let index = 0; index < 4; index += 1) await queue(line, small({ params: { index } }))
    line.cut.clear()
    const reports = await Promise.all(lines.map(({ registry }) => registry.flushOutbox()))
    expect(reports.flatMap(({ failed }) => failed)).toEqual([])
    expect((await all(line.registry.versions('spam'))).map(({ version, params }) => [version, params['index']])).toEqual([['1.0.3', 3], ['1.0.2', 2], ['1.0.1', 1], ['1.0.0', 0]])
    expect(await all(line.registry.outbox())).toEqual([])
  })

  it('warns when an operation id has made a version of other artifacts before, delivered or at once', async () => {
    const line = registryOverLine()
    await line.registry.logModel(small(), { operationId: 'job-7' })
    // A job that is run again, and gives the same bytes.
    await line.registry.logModel(small({ params: { run: 2 } }), { operationId: 'job-7' })
    expect(line.warnings).toEqual([])
    const other = small({ artifacts: { 'model.bin': 'other' } })
    const warning = expect.stringContaining('the operationId job-7 has made spam@1.0.0 before, with other artifacts') as string
    expect(await line.registry.logModel(other, { operationId: 'job-7' })).toMatchObject({ version: '1.0.0' })
    expect(line.warnings).toEqual([warning])
    line.cut.set('all', 'before')
    await queue(line, other, { operationId: 'job-7' })
    line.cut.clear()
    expect(await line.registry.flushOutbox()).toMatchObject({ delivered: [{ version: '1.0.0' }] })
    expect(line.warnings.slice(1)).toEqual([expect.stringContaining('until flushOutbox()'), warning])
    expect(await all(line.registry.versions('spam'))).toHaveLength(1)
    // An id counts within one model, and for one kind of change.
    expect(await line.registry.logModel(small({ name: 'ham' }), { operationId: 'job-7' })).toMatchObject({ name: 'ham', version: '1.0.0' })
    expect(await errorOf(line.registry.transitionStage('spam@1.0.0', 'staging', { operationId: 'job-7' }))).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('was used for another change') as string })
  })

  it('delivers in the order of logging', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    for (const artifact of ['a', 'b', 'c']) await queue(line, small({ artifacts: { [artifact]: artifact } }))
    line.cut.clear()
    const { delivered } = await line.registry.flushOutbox()
    expect(delivered.map(({ version, artifacts }) => [version, artifacts[0]?.path])).toEqual([['1.0.0', 'a'], ['1.0.1', 'b'], ['1.0.2', 'c']])
  })

  it('keeps streams, which can be read only once', async () => {
    const line = registryOverLine()
    line.cut.set('putBlobs', 'before')
    const queued = await queue(line, small({ artifacts: { 'model.bin': Readable.from([Buffer.from('wei'), Buffer.from('ghts')]) } }))
    line.cut.clear()
    const { delivered } = await line.registry.flushOutbox()
    expect(delivered).toMatchObject([{ digest: queued.digest }])
    expect(await (await line.registry.getModel('spam')).read('model.bin')).toEqual(new Uint8Array(Buffer.from('weights')))
    const direct = await line.registry.logModel(small({ artifacts: { 'model.bin': Readable.from([Buffer.from('more')]) } }), { offline: 'queue' })
    expect(direct).toMatchObject({ version: '1.0.1' })
    expect(await all(line.registry.outbox())).toEqual([])
  })

  it.each(['a refusal', 'an abort'])('keeps no stream after %s, since the caller was told', async (how) => {
    const line = registryOverLine()
    await line.registry.logModel(small())
    const stop = new AbortController()
    const artifacts = { 'model.bin': Readable.from([Buffer.from('weights')]) }
    if (how === 'an abort') {
      line.onPut = () => {
        stop.abort(new Error('enough'))
      }
    }
    const logged = line.registry.logModel(small({ artifacts, ...(how === 'an abort' ? {} : { version: '1.0.0' }) }), { offline: 'queue', signal: stop.signal })
    await expect(logged).rejects.toThrow(how === 'an abort' ? 'enough' : '1.0.0')
    expect(await all(line.registry.outbox())).toEqual([])
    expect((await line.registry.flushOutbox()).delivered).toEqual([])
    expect(await all(line.registry.versions('spam'))).toHaveLength(1)
  })

  it('pins an origin to what it meant when the model was queued', async () => {
    const line = registryOverLine()
    const base = await line.registry.logModel(small({ name: 'base' }))
    await new Promise((resolve) => setTimeout(resolve, 2))
    line.cut.set('all', 'before')
    await queue(line, small({ derivedFrom: { model: 'base@latest', relation: 'fine-tuned' } }))
    line.cut.clear()
    await new Promise((resolve) => setTimeout(resolve, 2))
    await line.registry.logModel(small({ name: 'base' }))
    const { delivered } = await line.registry.flushOutbox()
    expect(delivered[0]?.derivedFrom).toEqual([{ name: 'base', version: base.version, digest: base.digest, relation: 'fine-tuned' }])
  })

  it('reports what the registry refuses, keeps it, and goes on with the others', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    const taken = await queue(line, small({ version: '1.0.0' }))
    await queue(line, small({ name: 'ham' }))
    line.cut.clear()
    await line.registry.logModel(small())
    const { delivered, failed } = await line.registry.flushOutbox()
    expect(delivered).toMatchObject([{ name: 'ham' }])
    expect(failed).toMatchObject([{ id: taken.id, folder: taken.folder, queued: taken, error: { code: 'ALREADY_EXISTS' } }])
    expect(await all(line.registry.outbox())).toEqual([taken])
  })

  it('gives up what is refused for good, and asks the registry nothing', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    const taken = await queue(line, small({ version: '1.0.0' }))
    const other = await queue(line, small({ name: 'ham' }))
    expect(await line.registry.discardQueued(taken.id)).toEqual(taken)
    expect(existsSync(taken.folder)).toBe(false)
    expect(await all(line.registry.outbox())).toEqual([other])
    expect(await errorOf(line.registry.discardQueued(taken.id))).toMatchObject({ code: 'NOT_FOUND', hint: expect.stringContaining('outbox list') as string })
    line.cut.clear()
    expect(await line.registry.flushOutbox()).toMatchObject({ delivered: [{ name: 'ham' }], failed: [], waiting: [] })
  })

  it('gives up nothing but what waits, and nothing of another registry', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    const { id } = await queue(line)
    for (const wrong of ['', '.', '..', '../outbox', '.gitignore', `${id}/store`, `./${id}`, id.toUpperCase()]) {
      if (wrong !== id) expect([wrong, (await errorOf(line.registry.discardQueued(wrong))).code]).toEqual([wrong, 'NOT_FOUND'])
    }
    const other = registryOverLine({ outbox: line.outbox, location: 'https://other.example.org' })
    expect(await errorOf(other.registry.discardQueued(id))).toMatchObject({ code: 'NOT_FOUND', hint: 'Open that one: --registry https://registry.example.org' })
    expect(await all(line.registry.outbox())).toHaveLength(1)
    expect(readdirSync(line.outbox)).toEqual(['.gitignore', id])
  })

  it('takes a model that is given up while it is delivered for neither failed nor waiting', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    const { id } = await queue(line)
    line.cut.clear()
    line.cut.set('createVersion', 'before')
    let discarding: Promise<unknown> | undefined
    line.onPut = () => {
      discarding = line.registry.discardQueued(id)
    }
    expect(await line.registry.flushOutbox()).toMatchObject({ delivered: [], failed: [], waiting: [] })
    await discarding
    expect(readdirSync(line.outbox)).toEqual(['.gitignore'])
  })

  it('queues nothing for input that is wrong anyway', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    expect(await errorOf(line.registry.logModel(small({ artifacts: './no-such-folder' }), { offline: 'queue' }))).toMatchObject({ code: 'SOURCE_UNREADABLE' })
    expect(await errorOf(line.registry.logModel(small({ params: { password: 'hunter2-hunter2' } }), { offline: 'queue' }))).toMatchObject({ code: 'SECRET_IN_METADATA' })
    expect(await all(line.registry.outbox())).toEqual([])
    expect(existsSync(line.outbox) ? readdirSync(line.outbox).filter((name) => name !== '.gitignore') : []).toEqual([])
  })

  it('leaves what is meant for another registry', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    await queue(line)
    const other = registryOverLine({ outbox: line.outbox, location: 'https://other.example.org' })
    expect(await other.registry.flushOutbox()).toEqual({ delivered: [], failed: [], waiting: [] })
    expect(await all(line.registry.outbox())).toHaveLength(1)
  })

  it('never delivers bytes that were damaged while they waited', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    const { folder } = await queue(line)
    const blobs = join(folder, 'store', 'blobs', 'sha256')
    const victim = readdirSync(blobs).find((name) => readFileSync(join(blobs, name), 'utf8') === 'weights') ?? ''
    renameSync(join(blobs, victim), join(blobs, `${victim}.old`))
    writeFileSync(join(blobs, victim), 'wEights')
    line.cut.clear()
    expect((await line.registry.flushOutbox()).failed).toMatchObject([{ error: { code: 'DIGEST_MISMATCH' } }])
    expect(await all(line.registry.models())).toEqual([])
  })

  it('tells of a damaged entry, and delivers the others', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    const { folder } = await queue(line)
    await queue(line, small({ name: 'ham' }))
    writeFileSync(join(folder, 'queued.json'), '{"format":1')
    line.cut.clear()
    const { delivered, failed } = await line.registry.flushOutbox()
    expect(delivered).toMatchObject([{ name: 'ham' }])
    expect(failed).toMatchObject([{ id: basename(folder), folder, queued: undefined, error: { code: 'STORE_INVALID', hint: expect.stringContaining('outbox discard') as string } }])
    expect(await line.registry.discardQueued(basename(folder))).toBeUndefined()
    expect(await line.registry.flushOutbox()).toEqual({ delivered: [], failed: [], waiting: [] })
  })

  it('ends with the signal and leaves nothing half-queued', async () => {
    const line = registryOverLine()
    line.cut.set('all', 'before')
    const stop = new AbortController()
    const slow = (async function* () {
      yield await Promise.resolve(Buffer.from('a'))
      stop.abort(new Error('enough'))
      yield Buffer.from('b')
    })()
    await expect(line.registry.logModel(small({ artifacts: { 'model.bin': slow } }), { offline: 'queue', signal: stop.signal })).rejects.toThrow('enough')
    expect(readdirSync(line.outbox)).toEqual(['.gitignore'])
  })
})
