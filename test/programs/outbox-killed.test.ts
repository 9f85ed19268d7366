import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { createMemoryBackend } from '../../src/backends/memory/create-memory-backend.js'
import { StemmaError } from '../../src/errors/stemma-error.js'
import { createRegistry } from '../../src/registry/create-registry.js'
import { createServer } from '../../src/server/create-server.js'
import { systemSources } from '../../src/util/sources.js'
import { buildPrograms, type BuiltPrograms } from '../support/built-programs.js'
import { all, temporaryFolder, testRegistry } from '../support/test-registry.js'

/** Delivers what waits, and kills itself with SIGKILL in the moment that it is told. */
const PROGRAM = `
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
const [index, url, outbox, moment] = process.argv.slice(1)
const orDie = (at, act) => (...values) => {
  if (moment === at && values.some((value) => String(value).endsWith('.delivered'))) process.kill(process.pid, 'SIGKILL')
  return act(...values)
}
fs.renameSync = orDie('before it leaves the outbox', fs.renameSync)
fs.promises.rm = orDie('before its bytes are removed', fs.promises.rm)
syncBuiltinESMExports()
const { openRegistry } = await import(index)
const registry = await openRegistry(url, { outbox })
console.log(JSON.stringify(await registry.flushOutbox()))
await registry.close()
`

let built: BuiltPrograms

beforeAll(async () => {
  built = await buildPrograms({})
})

afterAll(() => {
  built.remove()
})

it.each([
  ['between the commit and its answer', 'delivered'],
  ['before it leaves the outbox', 'delivered'],
  ['before its bytes are removed', 'gone']
])('a process that is killed %s delivers a queued model exactly once', async (moment, then) => {
  const outbox = join(temporaryFolder(), 'outbox')
  const backend = createMemoryBackend({ sources: systemSources })
  let commits = 0
  const served = createRegistry({
    ...backend,
    async createVersion(...values) {
      const version = await backend.createVersion(...values)
      commits += 1
      if (moment === 'between the commit and its answer' && child.signalCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      return version
    }
  })
  const server = createServer({ registry: served, port: 0, metrics: false })
  const url = await server.listen()
  onTestFinished(() => server.close({ graceMs: 0 }))

  const away = createRegistry({ ...backend, location: url, putBlobs: () => Promise.reject(new StemmaError('REGISTRY_UNAVAILABLE', 'away')) }, { outbox })
  const queued = await away.logModel({ name: 'spam', artifacts: { 'model.bin': 'weights' }, capture: false }, { offline: 'queue' })
  expect(queued).toHaveProperty('queued', true)
  expect(commits).toBe(0)

  const index = pathToFileURL(built.index).href
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, index, url, outbox, moment], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  expect([code, signal]).toEqual([null, 'SIGKILL'])
  expect(commits).toBe(1)

  const registry = await testRegistry(url, { outbox })
  const { delivered, failed, waiting } = await registry.flushOutbox()
  expect([delivered.map(({ version }) => version), failed, waiting]).toEqual([then === 'delivered' ? ['1.0.0'] : [], [], []])
  expect(await all(registry.versions('spam'))).toMatchObject([{ version: '1.0.0', digest: queued.digest }])
  expect(await all(registry.history('spam'))).toHaveLength(1)
  expect(readdirSync(outbox)).toEqual(['.gitignore'])
})
