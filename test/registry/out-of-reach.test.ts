import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createNodeStoreFs } from '../../src/io/node-store-fs.js'
import { openLocalBackend } from '../../src/backends/local/open-local.js'
import type { LoadedModel, GetModelOptions } from '../../src/registry/get-model.js'
import { openRegistry } from '../../src/registry/open-registry.js'
import { systemSources } from '../../src/util/sources.js'
import { all, errorOf, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'

const FALLBACK = { fallback: 'last-known-good' } as const

let folder: string
/** The registry's folder: a link, so that what it leads to can go. */
let store: string
let real: string

beforeEach(() => {
  folder = temporaryFolder()
  real = join(folder, 'real')
  store = join(folder, 'store')
  mkdirSync(real)
  symlinkSync(real, store)
  vi.stubEnv('STEMMA_REGISTRY', store)
  vi.stubEnv('STEMMA_CACHE', join(folder, 'cache'))
  vi.stubEnv('STEMMA_ACTOR', '')
})

afterEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
})

/** The root functions as a new process has them. */
async function newProcess(): Promise<typeof import('../../src/index.js')> {
  vi.resetModules()
  return import('../../src/index.js')
}

async function logLive(): Promise<void> {
  await using registry = await openRegistry(store, { durability: 'none' })
  await logSmall(registry, 'm', 'a')
  await registry.transitionStage('m#1', 'production')
}

type Load = (options?: GetModelOptions) => Promise<LoadedModel>

/** Who loads, each having loaded before the registry goes away. */
const LOADERS: [string, () => Promise<Load>][] = [
  [
    'an open registry',
    async () => {
      const registry = await openRegistry(store, { create: false })
      onTestFinished(() => registry.close())
      await registry.getModel('m@production')
      return (options) => registry.getModel('m@production', options)
    }
  ],
  [
    'root functions of a running process',
    async () => {
      const { getModel } = await newProcess()
      await getModel('m@production')
      return (options) => getModel('m@production', options)
    }
  ],
  [
    'root functions of a new process',
    async () => {
      await (await newProcess()).getModel('m@production')
      const { getModel } = await newProcess()
      return (options) => getModel('m@production', options)
    }
  ]
]

function away(path: string): () => void {
  renameSync(path, `${path}-away`)
  return () => {
    rmSync(path, { recursive: true, force: true })
    renameSync(`${path}-away`, path)
  }
}

/** Root may do everything, so the test becomes somebody else for as long as a folder is closed. */
function deny(path: string): () => void {
  chmodSync(path, 0)
  const isRoot = process.geteuid?.() === 0
  if (isRoot) {
    giveAll(folder, 65_534)
    process.seteuid?.(65_534)
  }
  return () => {
    if (isRoot) process.seteuid?.(0)
    chmodSync(path, 0o755)
  }
}

function giveAll(path: string, user: number): void {
  const stats = lstatSync(path)
  if (stats.isSymbolicLink()) return
  chownSync(path, user, user)
  if (stats.isDirectory()) for (const name of readdirSync(path)) giveAll(join(path, name), user)
}

/** How it goes away, and back. */
const LOSSES: [string, () => () => void, string][] = [
  [
    'its folder was moved away',
    () => {
      rmSync(store)
      renameSync(real, store)
      return away(store)
    },
    'REGISTRY_UNAVAILABLE'
  ],
  [
    'its file system is not mounted',
    () => {
      const back = away(real)
      mkdirSync(real)
      return back
    },
    'REGISTRY_UNAVAILABLE'
  ],
  ['its link leads nowhere', () => away(real), 'REGISTRY_UNAVAILABLE'],
  [
    'another registry is in its place',
    () => {
      const back = away(real)
      mkdirSync(real)
      writeFileSync(join(real, 'store.json'), '{"id":"another"}')
      return back
    },
    'REGISTRY_UNAVAILABLE'
  ],
  ['its folder models is gone', () => away(join(real, 'models')), 'REGISTRY_UNAVAILABLE'],
  ['access to its folder is denied', () => deny(real), 'ACCESS_DENIED'],
  ['access to its folder models is denied', () => deny(join(real, 'models')), 'ACCESS_DENIED']
]

describe.each(LOADERS)('%s', (loader, prepare) => {
  // Root functions open a registry that is another one than before; a damaged one is no reason to.
  const losses = loader === 'an open registry' ? LOSSES : LOSSES.filter(([loss]) => !loss.startsWith('another'))

  it.each(losses)('serves the last known model while %s, says so without fallback, and goes on afterwards', async (_loss, lose, code) => {
    await logLive()
    const load = await prepare()
    const back = lose()
    try {
      expect(await load(FALLBACK)).toMatchObject({ stale: true, source: 'cache', version: { version: '1.0.0' } })
      const error = await errorOf(load())
      expect(error.code).toBe(code)
      expect(error.message).toContain(store)
      if (code === 'REGISTRY_UNAVAILABLE') {
        expect(error.retryable).toBe(true)
        expect(error.hint).toMatch(/path.*mounted/)
      }
    } finally {
      back()
    }
    expect(await load(FALLBACK)).toMatchObject({ stale: false, version: { version: '1.0.0' } })
  })
})

describe('with the registry away', () => {
  it.each(LOADERS)('%s cannot fetch what the cache lacks', async (_loader, prepare) => {
    await logLive()
    const load = await prepare()
    const { dir } = await load()
    const back = away(real)
    chmodSync(dir, 0o700)
    rmSync(join(dir, 'model.bin'))
    expect((await errorOf(load(FALLBACK))).code).toBe('REGISTRY_UNAVAILABLE')
    back()
    expect((await load(FALLBACK)).stale).toBe(false)
  })

  it('nothing is served that was never loaded', async () => {
    await logLive()
    const back = away(real)
    const { getModel } = await newProcess()
    expect((await errorOf(getModel('m@production', FALLBACK))).code).toBe('REGISTRY_UNAVAILABLE')
    back()
  })

  it('no verb takes it for an empty one', async () => {
    await logLive()
    const registry = await testRegistry(store)
    const back = away(real)
    mkdirSync(real)
    const calls = {
      logModel: () => logSmall(registry, 'm', 'b'),
      getVersion: () => registry.getVersion('never-seen'),
      models: () => all(registry.models()),
      search: () => all(registry.search('metrics.auc > 0.5')),
      verify: () => registry.verify(),
      collectGarbage: () => registry.collectGarbage(),
      rollback: () => registry.rollback('m'),
      history: () => all(registry.history('m'))
    }
    for (const [verb, call] of Object.entries(calls)) expect([verb, (await errorOf(call())).code]).toEqual([verb, 'REGISTRY_UNAVAILABLE'])
    expect(readdirSync(real)).toEqual([])
    back()
    expect((await logSmall(registry, 'm', 'b')).version).toBe('1.0.1')
  })

  it('a missing blob is the registry that is gone, not damage', async () => {
    await logLive()
    const registry = await testRegistry(store)
    await registry.getVersion('m')
    const back = away(join(real, 'blobs'))
    expect((await errorOf(registry.getModel('m'))).code).toBe('REGISTRY_UNAVAILABLE')
    back()
    rmSync(join(real, 'blobs', 'sha256', (await registry.getVersion('m')).artifacts[0]?.digest.slice(7) ?? ''))
    expect((await errorOf(registry.getModel('m'))).code).toBe('BLOB_MISSING')
  })

  it('a writer of the running process does not make another one in its place', async () => {
    await logLive()
    const { getVersion, logModel, openRegistry: open } = await newProcess()
    await getVersion('m')
    const back = away(real)
    mkdirSync(real)
    expect((await errorOf(logModel({ name: 'm', artifacts: { x: 'b' }, capture: false }))).code).toBe('REGISTRY_UNAVAILABLE')
    await (await open(store)).close()
    expect((await logModel({ name: 'm', artifacts: { x: 'b' }, capture: false })).version).toBe('1.0.0')
    back()
    expect((await getVersion('m')).stage).toBe('production')
  })

  it('what is really set back is still ROLLBACK_DETECTED', async () => {
    await logLive()
    const registry = await testRegistry(store)
    await registry.getVersion('m')
    rmSync(join(real, 'models', 'm'), { recursive: true })
    expect((await errorOf(registry.getModel('m@production', FALLBACK))).code).toBe('ROLLBACK_DETECTED')
  })
})

it('an error of the system that comes from anywhere below models has a code', async () => {
  await logLive()
  const fs = createNodeStoreFs(systemSources)
  const denied = (path: string): void => {
    if (path.includes(`${join(store, 'models')}/`)) throw Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'lstat', path })
  }
  const guarded = {
    ...fs,
    exists: (path: string) => (denied(path), fs.exists(path)),
    stat: async (path: string) => (denied(path), fs.stat(path)),
    readFile: async (path: string) => (denied(path), fs.readFile(path))
  }
  const backend = await openLocalBackend({ root: store, fs: guarded })
  onTestFinished(() => backend.close())
  const reference = { name: 'm', selector: { kind: 'latest' } } as const
  expect((await errorOf(backend.resolve(reference, {}))).code).toBe('ACCESS_DENIED')
  expect((await errorOf(all(backend.changes('m', {})))).code).toBe('ACCESS_DENIED')
})

describe('a watch goes on when the registry is back', () => {
  it('of an open registry', async () => {
    await logLive()
    const notices: string[] = []
    let back = (): void => undefined
    const warn = (message: string): void => {
      notices.push(message)
      if (notices.length === 2) back()
    }
    const sources = { ...systemSources, sleep: (delayMs: number, signal?: AbortSignal) => systemSources.sleep(Math.min(delayMs, 5), signal) }
    const registry = await testRegistry(store, { sources, logger: { warn } })
    const seen: string[] = []
    for await (const { version } of registry.watch('m@production')) {
      seen.push(version)
      if (seen.length === 2) break
      await logSmall(registry, 'm', 'b')
      await registry.transitionStage('m#2', 'production')
      back = away(real)
    }
    expect(seen).toEqual(['1.0.0', '1.0.1'])
    expect(notices[0]).toMatch(/is gone.*trying again/)
  })

  it('of root functions', async () => {
    await logLive()
    const { getVersion, watch } = await newProcess()
    await getVersion('m')
    const back = away(real)
    const watching = watch('m@production')[Symbol.asyncIterator]()
    const first = watching.next()
    expect((await errorOf(getVersion('m'))).code).toBe('REGISTRY_UNAVAILABLE')
    back()
    expect((await first).value).toMatchObject({ version: '1.0.0' })
    await watching.return(undefined)
  })
})

describe('what is not there', () => {
  it('a registry that is not to be made', async () => {
    const error = await errorOf(openRegistry(join(folder, 'typo'), { create: false }))
    expect(error).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', retryable: true, message: `there is no registry in ${join(folder, 'typo')}` })
    expect(error.hint).toMatch(/path.*mounted.*logModel.*create: true/)
  })

  it('a folder of other things is none, and stays STORE_INVALID', async () => {
    writeFileSync(join(real, 'thesis.tex'), 'x')
    expect((await errorOf(openRegistry(store, { create: false }))).code).toBe('STORE_INVALID')
  })

  it('a model before it was made', async () => {
    const registry = await testRegistry(store)
    const { createdAt } = await logSmall(registry, 'm', 'a')
    const error = await errorOf(registry.getVersion('m?at=2020-01-01T00:00:00.000Z'))
    expect(error.code).toBe('NOT_FOUND')
    expect(error.message).toBe(`m did not exist yet at 2020-01-01T00:00:00.000Z; its first version was logged at ${createdAt}`)
  })

  it('a model that is to be rolled back', async () => {
    const registry = await testRegistry(store)
    await logSmall(registry, 'credit-score', 'a')
    const error = await errorOf(registry.rollback('credit-scor'))
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: 'there is no model credit-scor' })
    expect(error.hint).toContain('Did you mean credit-score?')
  })
})
