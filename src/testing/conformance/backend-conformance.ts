import assert from 'node:assert/strict'
import type { BackendCapabilities } from '../../backends/backend.js'
import { blobCases } from './blob-cases.js'
import type { CaseDefinition, ConformanceCase } from './conformance-case.js'
import { diskFiles } from './disk-files.js'
import { metadataCases } from './metadata-cases.js'
import { readCases } from './read-cases.js'
import { stageCases } from './stage-cases.js'
import { upkeepCases } from './upkeep-cases.js'
import { versionCases } from './version-cases.js'

const DEFINITIONS: readonly CaseDefinition[] = [...blobCases, ...versionCases, ...stageCases, ...metadataCases, ...readCases, ...upkeepCases]

/**
 * Every promise of the `Backend` port, as programs that any test runner can run: all backends of stemma pass it. Which of them concern a
 * backend, {@link conformanceFor} tells.
 */
export const backendConformance: readonly ConformanceCase[] = DEFINITIONS.map(runnable)

/**
 * The cases that a backend with these capabilities has to pass.
 *
 * @param capabilities what it shall be able to do, written out: those of an open backend would let it lose one unnoticed.
 * @example
 * ```ts
 * describe('bucket backend', () => {
 *   for (const { name, promise, run } of conformanceFor({ ...capabilities, garbageCollection: false })) {
 *     it(`${name}: ${promise}`, () => run(() => openBucketBackend(newBucket())))
 *   }
 * })
 * ```
 */
export function conformanceFor(capabilities: BackendCapabilities): ConformanceCase[] {
  return backendConformance.filter(({ needs }) => lacking(capabilities, needs).length === 0)
}

function runnable({ name, promise, needs = {}, run }: CaseDefinition): ConformanceCase {
  return {
    name,
    promise,
    needs,
    async run(open, files) {
      await using disk = diskFiles()
      const backend = await open()
      try {
        const lacks = lacking(backend.capabilities, needs)
        assert.deepEqual(lacks, [], `${name} is for backends whose capabilities are others: ${lacks.join(', ')}`)
        await run({ backend, files: files ?? disk })
      } finally {
        await backend.close()
      }
    }
  }
}

/** Those that are other than needed. */
function lacking(capabilities: BackendCapabilities, needs: Partial<BackendCapabilities>): string[] {
  return Object.entries(capabilities).flatMap(([name, has]) => (Object.entries(needs).some(([needed, value]) => needed === name && value !== has) ? [name] : []))
}
