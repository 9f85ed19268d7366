import { describe, expect, it } from 'vitest'
import type { Backend, BackendCapabilities } from '../../../src/backends/backend.js'
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

/**
 * Runs the suite for one backend; `open` gives an empty registry each time. Its cases are those of everything but `lacks`, which the
 * backend's own capabilities must agree with: so none is skipped, and none is lost unnoticed.
 */
export function runConformance(name: string, open: () => Promise<Backend>, lacks: Partial<BackendCapabilities> = {}): void {
  const promised = { ...EVERYTHING, ...lacks }
  describe(`${name}: conformance`, () => {
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
          await one.run({ backend })
        } finally {
          await backend.close()
        }
      })
    }
  })
}
