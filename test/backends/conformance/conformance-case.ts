import type { Backend, BackendCapabilities } from '../../../src/backends/backend.js'

/** What a case works with: an empty registry of its own. */
export interface ConformanceContext {
  backend: Backend
  files: ConformanceFiles
}

/** The disk that files given away to the backend lie on. */
export interface ConformanceFiles {
  /** Makes a file of its own with these bytes, where the backend takes an `owned-file` from, and gives its absolute path. */
  make(backend: Backend, bytes: Uint8Array): Promise<string>
  exists(path: string): boolean
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
