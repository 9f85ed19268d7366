import { describe, expect, it } from 'vitest'
import type { Backend } from '../../../src/backends/backend.js'
import { conformanceCases } from './conformance-cases.js'

/** Runs the suite for one backend; `open` gives an empty registry each time. */
export function runConformance(name: string, open: () => Promise<Backend>): void {
  describe(`${name}: conformance`, () => {
    it('has ids that are unique', () => {
      const ids = conformanceCases.map((one) => one.id)
      expect(new Set(ids).size).toBe(ids.length)
    })
    for (const one of conformanceCases) {
      it(`${one.id}: ${one.title}`, async (test) => {
        const backend = await open()
        try {
          if (one.requires && !one.requires(backend.capabilities)) test.skip(`${name} does not promise it`)
          await one.run({ backend })
        } finally {
          await backend.close()
        }
      })
    }
  })
}
