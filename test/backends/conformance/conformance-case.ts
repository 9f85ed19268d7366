import type { Backend, BackendCapabilities } from '../../../src/backends/backend.js'

/** What a case works with: an empty registry of its own. */
export interface ConformanceContext {
  backend: Backend
}

/** One promise of the `Backend` port, and a program that finds it broken. Knows no test runner. */
export interface ConformanceCase {
  /** Stable and unique: `group/name`. */
  id: string
  title: string
  /** Whether a backend with these capabilities makes the promise. @default every backend */
  requires?: (capabilities: BackendCapabilities) => boolean
  run(context: ConformanceContext): Promise<void>
}
