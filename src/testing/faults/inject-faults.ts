import type { Backend } from '../../backends/backend.js'
import { StemmaError } from '../../errors/stemma-error.js'
import type { ErrorCode } from '../../errors/codes.js'
import type { CallOptions } from '../../util/options.js'
import { systemSources, type Sources } from '../../util/sources.js'
import { corruptBytes, cutBytes } from './change-bytes.js'
import { checkFault } from './check-fault.js'
import type { Fault, FaultyMethod } from './fault.js'

/** A backend in which things go wrong as planned. */
export interface FaultyBackend extends Backend {
  /** The faults that have struck, in their order, so that a test can tell that they did. */
  readonly struck: readonly Fault[]
}

/** Options of {@link injectFaults}. */
export interface InjectFaultsOptions {
  /** Whose `sleep` delays wait by. @default the machine's clock */
  sources?: Pick<Sources, 'sleep'> | undefined
}

/**
 * A backend that does what another one does, but for what the plan says: it fails, delays, corrupts or cuts the n-th call of a method.
 * The plan is read at each call: add to it or take from it while the test runs.
 *
 * Where the plan concerns `openBlob`, the backend does not tell where blobs lie on the disk, so that all bytes come through it.
 *
 * @throws {StemmaError} INVALID_INPUT for a plan with a fault that could never strike; for one that was added later, at the next call.
 * @example
 * ```ts
 * const backend = injectFaults(await openBucketBackend('models'), [
 *   { method: 'createVersion', fail: 'REGISTRY_UNAVAILABLE' },
 *   { method: 'openBlob', call: 2, corrupt: 0 }
 * ])
 * await using registry = createRegistry(backend)
 * ```
 */
export function injectFaults(backend: Backend, plan: readonly Fault[], { sources = systemSources }: InjectFaultsOptions = {}): FaultyBackend {
  const struck: Fault[] = []
  const calls = new Map<Fault, number>()
  const checked = new WeakSet<Fault>()
  const checkPlan = (): void => {
    for (const fault of plan) {
      if (checked.has(fault)) continue
      checkFault(fault)
      checked.add(fault)
    }
  }
  checkPlan()

  /** The faults of this call. */
  const due = (method: FaultyMethod): Fault[] => {
    checkPlan()
    const found = plan.filter((fault) => {
      if (fault.method !== method) return false
      const call = (calls.get(fault) ?? 0) + 1
      calls.set(fault, call)
      return fault.call === 'every' || (fault.call ?? 1) === call
    })
    struck.push(...found)
    return found
  }
  const before = async (faults: readonly Fault[], method: FaultyMethod, signal: AbortSignal | undefined): Promise<void> => {
    for (const fault of faults) {
      if ('delay' in fault) await (typeof fault.delay === 'number' ? sources.sleep(fault.delay, signal) : unlessAborted(fault.delay, signal))
    }
    for (const fault of faults) if ('fail' in fault) throw errorFor(fault.fail, method)
  }
  const after = (faults: readonly Fault[], method: FaultyMethod): void => {
    for (const fault of faults) if ('failAfter' in fault) throw errorFor(fault.failAfter, method)
  }
  const verb = async <R>(method: FaultyMethod, { signal }: CallOptions, work: () => Promise<R>): Promise<R> => {
    const faults = due(method)
    await before(faults, method, signal)
    const result = await work()
    after(faults, method)
    return result
  }
  async function* listing<T>(
    method: FaultyMethod,
    { signal }: CallOptions,
    work: () => AsyncIterable<T>,
    change: (items: AsyncIterable<T>, faults: readonly Fault[]) => AsyncIterable<T> = (items) => items
  ): AsyncGenerator<T, void, undefined> {
    const faults = due(method)
    await before(faults, method, signal)
    yield* change(work(), faults)
    after(faults, method)
  }
  // Each by its name: a backend may be an instance of a class.
  return {
    struck,
    location: backend.location,
    uploadFolder: backend.uploadFolder,
    get capabilities() {
      return backend.capabilities
    },
    get policy() {
      return backend.policy
    },
    localBlobPath: (digest) => (plan.some(({ method }) => method === 'openBlob') ? undefined : backend.localBlobPath(digest)),
    openBlob: (digest, options) => listing('openBlob', options, () => backend.openBlob(digest, options), changeBytes),
    keepBlobs: (digests, options) => verb('keepBlobs', options, () => backend.keepBlobs(digests, options)),
    putBlobs: (items, options) => verb('putBlobs', options, () => backend.putBlobs(items, options)),
    createVersion: (request, options) => verb('createVersion', options, () => backend.createVersion(request, options)),
    transition: (request, options) => verb('transition', options, () => backend.transition(request, options)),
    rollback: (request, options) => verb('rollback', options, () => backend.rollback(request, options)),
    updateMetadata: (request, options) => verb('updateMetadata', options, () => backend.updateMetadata(request, options)),
    deleteVersion: (request, options) => verb('deleteVersion', options, () => backend.deleteVersion(request, options)),
    resolve: (reference, options) => verb('resolve', options, () => backend.resolve(reference, options)),
    lineage: (request, options) => verb('lineage', options, () => backend.lineage(request, options)),
    verify: (request, options) => verb('verify', options, () => backend.verify(request, options)),
    collectGarbage: (request, options) => verb('collectGarbage', options, () => backend.collectGarbage(request, options)),
    models: (options) => listing('models', options, () => backend.models(options)),
    versions: (name, options) => listing('versions', options, () => backend.versions(name, options)),
    search: (query, options) => listing('search', options, () => backend.search(query, options)),
    history: (target, options) => listing('history', options, () => backend.history(target, options)),
    changes: (name, options) => listing('changes', options, () => backend.changes(name, options)),
    resolveCommit: (name, commitId, options) => verb('resolveCommit', options, () => backend.resolveCommit(name, commitId, options)),
    close: () => backend.close()
  }
}

function changeBytes(chunks: AsyncIterable<Uint8Array>, faults: readonly Fault[]): AsyncIterable<Uint8Array> {
  let changed = chunks
  for (const fault of faults) {
    if ('corrupt' in fault) changed = corruptBytes(changed, fault.corrupt)
    if ('cut' in fault) changed = cutBytes(changed, fault.cut)
  }
  return changed
}

async function unlessAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  let stop: () => void = () => undefined
  const aborted = new Promise<void>((resolve) => {
    stop = resolve
  })
  signal?.addEventListener('abort', stop, { once: true })
  try {
    await Promise.race([work.catch(() => undefined), aborted])
  } finally {
    signal?.removeEventListener('abort', stop)
  }
  signal?.throwIfAborted()
}

function errorFor(wanted: ErrorCode | Error, method: FaultyMethod): Error {
  if (typeof wanted !== 'string') return wanted
  return new StemmaError(wanted, `${method} failed, as the plan of faults says`, { hint: 'This is a test: look at the plan that injectFaults was given.' })
}
