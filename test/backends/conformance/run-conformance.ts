import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Backend, BackendCapabilities } from '../../../src/backends/backend.js'
import type { ConformanceFiles } from './conformance-case.js'
import { conformanceCases } from './conformance-cases.js'

const EVERYTHING: BackendCapabilities = {
  compareAndSet: true,
  atomicTransition: true,
  history: true,
  timeTravel: true,
  idempotentMutations: true,
  durable: true,
  garbageCollection: true,
  localFiles: true
}

/** Files on this machine's disk; removed when all cases have run. */
function diskFiles(): ConformanceFiles {
  const folders: string[] = []
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
  })
  return {
    make: (backend, bytes) => {
      const folder = mkdtempSync(join(tmpdir(), 'stemma-owned-'))
      folders.push(folder)
      const path = join(backend.uploadFolder ?? folder, `owned-${folders.length}`)
      writeFileSync(path, bytes, { flag: 'wx', mode: 0o444 })
      return Promise.resolve(path)
    },
    exists: existsSync
  }
}

/**
 * Runs the suite for one backend; `open` gives an empty registry each time. Its cases are those of everything but `lacks`, which the
 * backend's own capabilities must agree with: so none is skipped, and none is lost unnoticed. `makeFiles` tells where files that are
 * given away lie, by default on the disk.
 */
export function runConformance(name: string, open: () => Promise<Backend>, lacks: Partial<BackendCapabilities> = {}, makeFiles: () => ConformanceFiles = diskFiles): void {
  const promised = { ...EVERYTHING, ...lacks }
  describe(`${name}: conformance`, () => {
    const files = makeFiles()
    it('has ids that are unique', () => {
      const ids = conformanceCases.map((one) => one.id)
      expect(new Set(ids).size).toBe(ids.length)
    })
    it('promises what is expected of it', async () => {
      const backend = await open()
      expect(backend.capabilities).toEqual(promised)
      await backend.close()
    })
    for (const one of conformanceCases) {
      if (one.requires && !one.requires(promised)) continue
      it(`${one.id}: ${one.title}`, async () => {
        const backend = await open()
        try {
          await one.run({ backend, files })
        } finally {
          await backend.close()
        }
      })
    }
  })
}
