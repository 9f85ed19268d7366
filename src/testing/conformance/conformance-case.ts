import type { Backend, BackendCapabilities } from '../../backends/backend.js'

/** The disk that files given away to the backend lie on. */
export interface ConformanceFiles {
  /** Makes a file of its own with these bytes, where the backend takes an `owned-file` from, and gives its absolute path. */
  make(backend: Backend, bytes: Uint8Array): Promise<string>
  /** Whether such a file is still there. */
  exists(path: string): boolean
}

/** What a case works with: an empty registry of its own. */
export interface CaseContext {
  backend: Backend
  files: ConformanceFiles
}

/** A case as it is written. */
export interface CaseDefinition {
  name: string
  promise: string
  needs?: Partial<BackendCapabilities>
  run: (context: CaseContext) => Promise<void>
}

/** One promise of the `Backend` port, and a program that finds it broken. Knows no test runner. */
export interface ConformanceCase {
  /** Stable and unique: `stages/promote`. */
  readonly name: string
  /** What is promised, in words. */
  readonly promise: string
  /** Only backends with these capabilities make the promise. @default every backend */
  readonly needs: Readonly<Partial<BackendCapabilities>>
  /**
   * Opens a backend, finds out whether it keeps the promise, and closes it.
   *
   * @param open gives a backend with an empty registry of its own each time.
   * @param files where files that are given away lie. @default this machine's disk, in the `uploadFolder` of a backend that has one
   * @throws {AssertionError} when the promise is broken, and when the backend has not the capabilities that the case needs.
   */
  readonly run: (open: () => Backend | Promise<Backend>, files?: ConformanceFiles) => Promise<void>
}
