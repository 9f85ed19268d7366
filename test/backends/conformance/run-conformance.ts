import { describe, expect, it } from 'vitest'
import type { Backend, BackendCapabilities } from '../../../src/backends/backend.js'
import { backendConformance, conformanceFor } from '../../../src/testing/conformance/backend-conformance.js'
import type { ConformanceFiles } from '../../../src/testing/conformance/conformance-case.js'

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

/**
 * Runs the suite for one backend; `open` gives an empty registry each time. Its cases are those of everything but `lacks`, which the
 * backend's own capabilities must agree with: so none is skipped, and none is lost unnoticed. `files` tells where files that are
 * given away lie, by default on the disk.
 */
export function runConformance(name: string, open: () => Promise<Backend>, lacks: Partial<BackendCapabilities> = {}, files?: ConformanceFiles): void {
  const promised = { ...EVERYTHING, ...lacks }
  describe(`${name}: conformance`, () => {
    it('has names that are unique', () => {
      const names = backendConformance.map((one) => one.name)
      expect(new Set(names).size).toBe(names.length)
    })
    it('promises what is expected of it', async () => {
      const backend = await open()
      expect(backend.capabilities).toEqual(promised)
      await backend.close()
    })
    for (const one of conformanceFor(promised)) {
      it(`${one.name}: ${one.promise}`, async () => {
        await one.run(open, files)
      })
    }
  })
}
