import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Backend, MutationOptions } from '../../../src/backends/backend.js'
import { isStemmaError, type StemmaError } from '../../../src/errors/stemma-error.js'
import { logVersion, all } from '../conformance/fixtures.js'

/** A change that two backends are asked for alike. */
export type Change =
  | { kind: 'log'; name: string; content: number; version: string | undefined; operationId: string | undefined }
  | { kind: 'move'; name: string; sequence: number; stage: string; audience: string | undefined; expectedCurrent: string | null | undefined }
  | { kind: 'rollback'; name: string; audience: string }
  | { kind: 'tag'; name: string; sequence: number; value: string | null; alias: boolean }
  | { kind: 'delete'; name: string; sequence: number }

/** What a change came to: the version, without what differs from run to run, or the code of the error. */
export type Result = { version: unknown } | { code: StemmaError['code']; error: StemmaError }

const NAMES = ['credit-score', 'risk/Churn']

/** Changes of a few models, dense enough that they meet. */
export const changeArbitrary: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('log' as const),
      name: fc.constantFrom(...NAMES),
      content: fc.nat(3),
      version: fc.option(fc.constantFrom('1.0.0', '1.5.0', '2.0.0-rc.1'), { nil: undefined, freq: 4 }),
      operationId: fc.option(fc.constantFrom('op-1', 'op-2'), { nil: undefined, freq: 3 })
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      name: fc.constantFrom(...NAMES),
      sequence: fc.integer({ min: 1, max: 4 }),
      stage: fc.constantFrom('production', 'production', 'staging', 'archived'),
      audience: fc.option(fc.constant('berlin'), { nil: undefined }),
      expectedCurrent: fc.option(fc.constantFrom(null, '1.0.0', '1.0.1'), { nil: undefined, freq: 3 })
    })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollback' as const), name: fc.constantFrom(...NAMES), audience: fc.constantFrom('default', 'berlin') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('tag' as const),
      name: fc.constantFrom(...NAMES),
      sequence: fc.integer({ min: 1, max: 4 }),
      value: fc.option(fc.constantFrom('a', 'b'), { nil: null }),
      alias: fc.boolean()
    })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), name: fc.constantFrom(...NAMES), sequence: fc.integer({ min: 1, max: 4 }) }) }
)

/** Makes a change, and tells what came of it; anything but a version or a StemmaError is thrown. */
export async function perform(backend: Backend, change: Change): Promise<Result> {
  try {
    return { version: await run(backend, change) }
  } catch (error) {
    if (isStemmaError(error)) return { code: error.code, error }
    throw error
  }
}

async function run(backend: Backend, change: Change): Promise<unknown> {
  const call: MutationOptions = { actor: 'tester' }
  if (change.kind === 'log') {
    const { name, content, version, operationId } = change
    const input = { files: { 'model.bin': `content ${content}`, 'shared.json': '{}' }, ...(version === undefined ? {} : { version }) }
    return logVersion(backend, name, input, { ...call, operationId })
  }
  if (change.kind === 'rollback') return backend.rollback({ name: change.name, audience: change.audience }, call)
  const reference = { name: change.name, selector: { kind: 'sequence' as const, sequence: change.sequence } }
  if (change.kind === 'move') return backend.transition({ reference, stage: change.stage, audience: change.audience, expectedCurrent: change.expectedCurrent }, call)
  if (change.kind === 'tag') return backend.updateMetadata({ reference, tags: { note: change.value }, aliases: change.alias ? ['best'] : [] }, call)
  return backend.deleteVersion({ reference, reason: 'test' }, call)
}

/** Everything that a registry says, without what differs from run to run. */
export async function everything(backend: Backend): Promise<unknown> {
  const models = await all(backend.models({}))
  return Promise.all(
    models.map(async (model) => ({
      model,
      versions: await all(backend.versions(model.name, { includeDeleted: true })),
      history: (await all(backend.history({ name: model.name }, {}))).map(({ commitId, eventDigest, ...entry }) => {
        assert(commitId && eventDigest)
        return entry
      })
    }))
  )
}

/** How many events a model has. */
export async function eventCount(backend: Backend, name: string): Promise<number> {
  try {
    return (await all(backend.history({ name }, {}))).length
  } catch (error) {
    if (isStemmaError(error, 'NOT_FOUND')) return 0
    throw error
  }
}
