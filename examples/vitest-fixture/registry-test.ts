import { createTestRegistry, type Fault, type TestRegistry } from 'stemma/testing'
import { test } from 'vitest'

/** What a test is given when it asks for it. */
interface Fixtures {
  /** What goes wrong; empty at first. */
  faults: Fault[]
  /** A registry for this test alone. */
  registry: TestRegistry
}

/** Vitest's `test`, with a registry: `registryTest('…', async ({ registry }) => …)`. */
export const registryTest = test.extend<Fixtures>({
  // Vitest reads from the pattern which fixtures one needs: this one needs none.
  faults: async ({}, use) => {
    await use([])
  },
  registry: async ({ faults }, use) => {
    const registry = createTestRegistry({ faults })
    await use(registry)
    await registry.close()
  }
})
