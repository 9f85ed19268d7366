import { describe, expect, it } from 'vitest'
import { toReference } from '../../../src/record/parse-reference.js'
import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import { fixedSources, START_MS } from '../../support/fixed-sources.js'
import { createFaultDisk, type Fault } from '../fault-fs.js'
import { all, failure, logVersion, move, numberOf } from '../conformance/fixtures.js'
import { createStoreFixture } from './store-fixture.js'

const DEFINITE = [
  ['ENOSPC', 'NO_SPACE'],
  ['EDQUOT', 'NO_SPACE'],
  ['EROFS', 'READ_ONLY'],
  ['EACCES', 'ACCESS_DENIED'],
  ['EPERM', 'ACCESS_DENIED'],
  ['EMLINK', 'IO'],
  ['EMFILE', 'IO']
] as const
const UNCERTAIN = ['EIO', 'ESTALE', 'ETIMEDOUT', 'EINTR']

async function promotable() {
  const store = createStoreFixture()
  const backend = await store.open()
  await logVersion(backend, 'm')
  return { store, backend }
}

describe('an error of the link that publishes an event', () => {
  it.each(DEFINITE)('%s is %s, and nothing was committed', async (code, expected) => {
    const { store, backend } = await promotable()
    store.plan((operation) => (operation === 'link' ? { kind: 'error', code, acts: false } : undefined))
    await failure(move(backend, 'm', 'production'), expected)
    store.plan(undefined)
    expect(await numberOf(await store.open(), 'm@production')).toBe('NOT_FOUND')
    expect(await store.list('tmp')).toEqual([])
    await move(backend, 'm', 'production')
  })

  it.each([...DEFINITE.map(([code]) => code), ...UNCERTAIN, 'EEXIST'])('%s after the act is found to be a success', async (code) => {
    const { store, backend } = await promotable()
    let isFirst = true
    store.plan((operation) => {
      if (operation !== 'link' || !isFirst) return undefined
      isFirst = false
      return { kind: 'error', code, acts: true }
    })
    expect((await move(backend, 'm', 'production')).stage).toBe('production')
    expect(await all(backend.history({ name: 'm' }, {}))).toHaveLength(2)
  })

  it.each(UNCERTAIN)('%s once is tried again with the same event', async (code) => {
    const { store, backend } = await promotable()
    let isFirst = true
    store.plan((operation) => {
      if (operation !== 'link' || !isFirst) return undefined
      isFirst = false
      return { kind: 'error', code, acts: false }
    })
    expect((await move(backend, 'm', 'production')).stage).toBe('production')
  })

  it.each(UNCERTAIN)('%s that stays is COMMIT_UNKNOWN, which can be asked about later', async (code) => {
    const { store, backend } = await promotable()
    store.plan((operation) => (operation === 'link' ? { kind: 'error', code, acts: false } : undefined))
    const error = await failure(move(backend, 'm', 'production'), 'COMMIT_UNKNOWN')
    store.plan(undefined)
    expect(error.details).toMatchObject({ model: 'm', n: 1 })
    expect(await backend.resolveCommit('m', String(error.details['commitId']), {})).toBeUndefined()
  })
})

describe('a folder that cannot be made durable', () => {
  it('leaves the outcome unknown, and it is found when it works again', async () => {
    const { store, backend } = await promotable()
    let links = 0
    store.plan((operation) => {
      if (operation === 'link') links += 1
      return operation === 'fsync' && links > 0 ? { kind: 'error', code: 'EIO', acts: false } : undefined
    })
    const error = await failure(move(backend, 'm', 'production', { operationId: 'op-1' }), 'COMMIT_UNKNOWN')
    store.plan(undefined)
    expect(await backend.resolveCommit('m', String(error.details['commitId']), {})).toEqual({ n: 1 })
    expect((await move(backend, 'm', 'production', { operationId: 'op-1' })).stage).toBe('production')
    expect(await all(backend.history({ name: 'm' }, {}))).toHaveLength(2)
  })

  it('keeps an answer that changes nothing from being given', async () => {
    const { store, backend } = await promotable()
    await move(backend, 'm', 'production')
    const other = await store.open()
    store.plan((operation) => (operation === 'fsync' ? { kind: 'error', code: 'EIO', acts: false } : undefined))
    await failure(move(other, 'm', 'production'), 'IO')
  })
})

describe('a full disk', () => {
  it.each(['open', 'write', 'fsync'])('at %s leaves nothing behind, and the same call works when there is space', async (failing) => {
    const { store, backend } = await promotable()
    store.plan((operation) => (operation === failing ? { kind: 'error', code: 'ENOSPC', acts: false } : undefined))
    await failure(move(backend, 'm', 'production'), 'NO_SPACE')
    store.plan(undefined)
    expect(await store.list('tmp')).toEqual([])
    expect((await move(backend, 'm', 'production')).stage).toBe('production')
    expect((await backend.resolve(toReference('m@production'), {})).version).toBe('1.0.0')
  })
})

it('an answer that cannot be given is found out before the commit', async () => {
  const { store, backend } = await promotable()
  const { digest } = await backend.resolve(toReference('m@1.0.0'), {})
  const manifest = `blobs/sha256/${digest.slice('sha256:'.length)}`
  const bytes = await store.read(manifest)
  await store.replace(manifest, undefined)
  await failure(move(await store.open(), 'm', 'production'), 'BLOB_MISSING')
  await store.replace(manifest, bytes)
  expect(await all(backend.history({ name: 'm' }, {}))).toHaveLength(1)
})

describe('on a network file system', () => {
  /** An open store with a version in it, and what `move` does there while a plan holds. */
  const promotableThere = async (plan: (operation: string) => Fault | undefined, isLocal = false) => {
    const sources = fixedSources()
    let isPlanned = false
    const { fs } = createFaultDisk().mount({ now: () => sources.now(), isLocal, fault: (_, operation) => (isPlanned ? plan(operation) : undefined) })
    const backend = await openLocalBackend({ root: '/store', fs, sources })
    await logVersion(backend, 'm')
    isPlanned = true
    return backend
  }

  it.each([true, false])('success, too, is read again before it is believed (on this machine: %s)', async (isLocal) => {
    const steps: string[] = []
    const backend = await promotableThere((operation) => {
      steps.push(operation)
      return undefined
    }, isLocal)
    await move(backend, 'm', 'production')
    expect(steps.slice(steps.indexOf('link')).includes('read')).toBe(!isLocal)
  })

  it('an event that cannot be read after it was written is COMMIT_UNKNOWN', async () => {
    let isLinked = false
    const backend = await promotableThere((operation) => {
      isLinked ||= operation === 'link'
      return isLinked && operation === 'read' ? { kind: 'error', code: 'ESTALE', acts: false } : undefined
    })
    await failure(move(backend, 'm', 'production'), 'COMMIT_UNKNOWN')
  })
})

describe('a clock that is behind the last change', () => {
  it('is told when it is more than five minutes, and the event gets a later time all the same', async () => {
    const warnings: string[] = []
    const sources = fixedSources()
    const { fs } = createFaultDisk().mount({ now: () => sources.now() })
    const backend = await openLocalBackend({ root: '/store', fs, sources, warn: (message) => warnings.push(message) })
    await logVersion(backend, 'm')
    sources.moveTo(START_MS - 299_000)
    await move(backend, 'm', 'staging')
    expect(warnings).toEqual([])
    sources.moveTo(START_MS - 302_000)
    await move(backend, 'm', 'production')
    expect(warnings).toEqual([expect.stringMatching(/30[12] s behind the last change of m,/)])
    const times = (await all(backend.history({ name: 'm' }, {}))).map(({ at }) => at)
    expect(times).toEqual(times.toSorted())
    expect(new Set(times).size).toBe(3)
  })
})
