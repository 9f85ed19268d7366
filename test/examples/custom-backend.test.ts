import { describe, expect, it } from 'vitest'
import { createRegistry } from 'stemma/backends'
import { backendConformance, conformanceFor, injectFaults, onnxModel } from 'stemma/testing'
import { openBucketBackend } from '../../examples/custom-backend/bucket-backend.js'
import { createMemoryBucket, type Bucket } from '../../examples/custom-backend/bucket.js'
import { temporaryFolder } from '../support/test-registry.js'

const open = (bucket: Bucket = createMemoryBucket(() => Date.now())) => openBucketBackend(bucket, { location: 's3://models', pollMs: 5 })

const PROMISED = {
  compareAndSet: true,
  atomicTransition: true,
  history: true,
  timeTravel: true,
  idempotentMutations: true,
  garbageCollection: true,
  durable: true,
  localFiles: false
}

describe('a registry in a bucket', () => {
  it('promises what is expected of it', () => {
    expect(open().capabilities).toEqual(PROMISED)
    expect(conformanceFor(PROMISED).length).toBeGreaterThan(80)
    expect(conformanceFor(PROMISED).length).toBeLessThan(backendConformance.length)
  })

  for (const { name, promise, run } of conformanceFor(PROMISED)) {
    it(`${name}: ${promise}`, () => run(open))
  }

  it('is one registry for all who open the bucket', async () => {
    const bucket = createMemoryBucket(() => Date.now())
    await using first = createRegistry(open(bucket), { cache: temporaryFolder() })
    await using second = createRegistry(open(bucket), { cache: temporaryFolder() })
    await Promise.all([first, second].map((registry) => registry.logModel({ name: 'm', artifacts: onnxModel(), capture: false })))
    expect(await first.getVersion('m#2')).toEqual(await second.getVersion('m#2'))
  })

  it('has one version of a write whose reply was lost', async () => {
    const bucket = createMemoryBucket(() => Date.now())
    let lost = 1
    const lossy: Bucket = {
      ...bucket,
      putIfAbsent: async (key, bytes) => {
        const isNew = await bucket.putIfAbsent(key, bytes)
        if (key.includes('/log/') && lost-- > 0) throw new Error('socket hang up')
        return isNew
      }
    }
    await using registry = createRegistry(open(lossy), { cache: temporaryFolder() })
    expect(await registry.logModel({ name: 'm', artifacts: onnxModel(), capture: false })).toMatchObject({ version: '1.0.0', sequence: 1 })
    expect(lost).toBeLessThanOrEqual(0)
  })

  it('can be made to fail', async () => {
    await using registry = createRegistry(injectFaults(open(), [{ method: 'createVersion', fail: 'NO_SPACE' }]), { cache: temporaryFolder() })
    await expect(registry.logModel({ name: 'm', artifacts: onnxModel(), capture: false })).rejects.toMatchObject({ code: 'NO_SPACE' })
  })
})
