import type { BackendCapabilities } from '../../src/backends/backend.js'
import { runConformance } from '../backends/conformance/run-conformance.js'
import { line, openShared } from './open.js'

/**
 * What MLflow cannot promise, and why. Every other case of the suite is run, and none is expected to fail; the cases for backends that lack
 * these run in place of those that need them. `runConformance` fails when the backend begins to promise one of them.
 */
const LACKS: Readonly<Record<keyof Pick<BackendCapabilities, 'durable' | 'localFiles' | 'garbageCollection'>, string>> = {
  durable: 'the server flushes no artifact to the disk, and nothing says what its database does',
  localFiles: 'blobs lie with the server',
  garbageCollection: 'files belong to runs and logged models, which mlflow gc removes; nothing tells the files that no version needs'
}

const lacks = Object.fromEntries(Object.keys(LACKS).map((capability) => [capability, false]))

runConformance(`MLflow ${line}`, () => openShared(), lacks)
