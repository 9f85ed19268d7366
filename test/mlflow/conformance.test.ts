import { describe, expect, it } from 'vitest'
import type { Backend, BackendCapabilities } from '../../src/backends/backend.js'
import { openMlflowBackend } from '../../src/backends/mlflow/open-mlflow.js'
import { backendConformance, conformanceFor } from '../../src/testing/conformance/backend-conformance.js'
import { runConformance } from '../backends/conformance/run-conformance.js'
import { installed, line, newPrefix, openShared } from './open.js'

/** What MLflow cannot promise, and why. `runConformance` fails when the backend begins to say that it promises one of them. */
const LACKS = {
  durable: 'the server flushes no artifact to the disk, and nothing says what its database does',
  localFiles: 'blobs lie with the server',
  garbageCollection: 'files belong to runs and logged models, which mlflow gc removes; nothing tells the files that no version needs'
} as const satisfies Partial<Record<keyof BackendCapabilities, string>>

const lacks: Partial<BackendCapabilities> = Object.fromEntries(Object.keys(LACKS).map((capability) => [capability, false]))

runConformance(`MLflow ${line}`, () => openShared(), lacks)

// All of it again where bytes take another way: on one line, whose servers have both directions.
if (line === '3.x') {
  const onS3 = (): Promise<Backend> => openMlflowBackend({ address: installed.s3.url, prefix: newPrefix(), environment: {} })
  runConformance(`MLflow ${line} on S3`, onS3, lacks)
}

/** The cases that MLflow cannot meet, and by which of {@link LACKS}. */
const CANNOT: Readonly<Record<string, keyof typeof LACKS>> = {
  'blobs/keep-collected': 'garbageCollection',
  'blobs/local-path': 'localFiles',
  'garbage/keeps': 'garbageCollection',
  'garbage/trash': 'garbageCollection',
  'garbage/grace': 'garbageCollection',
  'garbage/deleted': 'garbageCollection'
}

describe(`MLflow ${line}: what cannot be met`, () => {
  const everything: BackendCapabilities = {
    ...{ compareAndSet: true, atomicTransition: true, history: true, timeTravel: true },
    ...{ idempotentMutations: true, durable: true, garbageCollection: true, localFiles: true }
  }
  const wanted = new Set(conformanceFor(everything).map(({ name }) => name))
  const met = new Set(conformanceFor({ ...everything, ...lacks }).map(({ name }) => name))

  it('is told for every case that is not met', () => {
    expect(Object.keys(CANNOT).sort()).toEqual([...wanted].filter((name) => !met.has(name)).sort())
  })

  for (const { name, run } of backendConformance) {
    const reason = Object.hasOwn(CANNOT, name) ? CANNOT[name] : undefined
    if (reason === undefined) continue
    // Run all the same, as if it were promised: should it begin to pass, this fails, and the case is taken off the list.
    it.fails(`${name}: ${LACKS[reason]}`, async () => {
      await run(async () => ({ ...(await openShared()), capabilities: everything }))
    })
  }
})
