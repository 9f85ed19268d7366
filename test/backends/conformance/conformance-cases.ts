import { blobCases } from './blob-cases.js'
import type { ConformanceCase } from './conformance-case.js'
import { metadataCases } from './metadata-cases.js'
import { readCases } from './read-cases.js'
import { stageCases } from './stage-cases.js'
import { upkeepCases } from './upkeep-cases.js'
import { versionCases } from './version-cases.js'

/** Every promise of the `Backend` port, as programs that any test runner can run. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...blobCases,
  ...versionCases,
  ...stageCases,
  ...metadataCases,
  ...readCases,
  ...upkeepCases
]
