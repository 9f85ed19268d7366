import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/** Gives the examples that a file tests a registry and a cache of their own, and takes them away after the last test. */
export function useOwnRegistry(): void {
  const before = new Map(['STEMMA_REGISTRY', 'STEMMA_CACHE'].map((name) => [name, process.env[name]]))
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stemma-examples-'))
    process.env['STEMMA_REGISTRY'] = join(folder, 'registry')
    process.env['STEMMA_CACHE'] = join(folder, 'cache')
  })
  afterAll(async () => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
    }
    await rm(folder, { recursive: true, force: true })
  })
}
