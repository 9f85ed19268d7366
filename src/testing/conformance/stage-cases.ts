import assert from 'node:assert/strict'
import { toReference } from '../../record/parse-reference.js'
import type { CaseDefinition } from './conformance-case.js'
import { all, failure, logVersion, move, numberOf } from './fixtures.js'

/** Stages, audiences, rollback. */
export const stageCases: readonly CaseDefinition[] = [
  {
    name: 'stages/promote',
    promise: 'a promoted version is live for the default audience',
    async run({ backend }) {
      await logVersion(backend, 'm')
      const { stage, audiences } = await move(backend, 'm#1', 'production')
      assert.deepEqual({ stage, audiences }, { stage: 'production', audiences: ['default'] })
      assert.equal(await numberOf(backend, 'm@production'), '1.0.0')
    }
  },
  {
    name: 'stages/replace',
    promise: 'a promotion archives what it replaces, in the same change',
    needs: { atomicTransition: true },
    async run({ backend }) {
      await logVersion(backend, 'm')
      await logVersion(backend, 'm')
      await move(backend, 'm#1', 'production')
      await move(backend, 'm#2', 'production')
      const stages = (await all(backend.versions('m', { includeDeleted: true }))).map((version) => [version.sequence, version.stage])
      assert.deepEqual(stages, [
        [2, 'production'],
        [1, 'archived']
      ])
      const history = await all(backend.history({ name: 'm' }, {}))
      assert.equal(history.length, 4)
    }
  },
  {
    name: 'stages/audiences',
    promise: 'each audience has its own live version',
    async run({ backend }) {
      await logVersion(backend, 'm')
      await logVersion(backend, 'm')
      await move(backend, 'm#1', 'production')
      await move(backend, 'm#2', 'production', { audience: 'berlin' })
      assert.equal(await numberOf(backend, 'm@production'), '1.0.0')
      assert.equal(await numberOf(backend, 'm@production?audience=berlin'), '1.0.1')
      await move(backend, 'm#1', 'production', { audience: 'berlin' })
      const [second, first] = await all(backend.versions('m', { includeDeleted: false }))
      assert.deepEqual(first?.audiences, ['berlin', 'default'])
      assert.deepEqual([second?.stage, second?.audiences], ['archived', []])
    }
  },
  {
    name: 'stages/unchanged',
    promise: 'a move to where the version is writes nothing',
    async run({ backend }) {
      await logVersion(backend, 'm')
      await move(backend, 'm#1', 'staging')
      const before = (await all(backend.history({ name: 'm' }, {}))).length
      await move(backend, 'm#1', 'staging')
      assert.equal((await all(backend.history({ name: 'm' }, {}))).length, before)
    }
  },
  {
    name: 'stages/expected-current',
    promise: 'expectedCurrent is compared and set in one step',
    needs: { compareAndSet: true },
    async run({ backend }) {
      await logVersion(backend, 'm')
      await logVersion(backend, 'm')
      await failure(move(backend, 'm#1', 'production', { expectedCurrent: '9.0.0' }), 'CONFLICT')
      await move(backend, 'm#1', 'production', { expectedCurrent: null })
      const error = await failure(move(backend, 'm#2', 'production', { expectedCurrent: null }), 'CONFLICT')
      assert.match(error.message, /1\.0\.0/)
      await move(backend, 'm#2', 'production', { expectedCurrent: '1.0.0' })
      assert.equal(await numberOf(backend, 'm@production'), '1.0.1')
    }
  },
  {
    name: 'stages/expected-current-race',
    promise: 'of many promotions that expect the same, one wins',
    needs: { compareAndSet: true },
    async run({ backend }) {
      for (let count = 0; count < 8; count += 1) await logVersion(backend, 'm')
      const moves = Array.from({ length: 8 }, (_, index) => move(backend, `m#${index + 1}`, 'production', { expectedCurrent: null }))
      const settled = await Promise.allSettled(moves)
      assert.equal(settled.filter((result) => result.status === 'fulfilled').length, 1)
      const live = (await all(backend.versions('m', { includeDeleted: false }))).filter((version) => version.stage === 'production')
      assert.equal(live.length, 1)
    }
  },
  {
    name: 'stages/one-live',
    promise: 'promotions at the same time leave one version live and the others archived',
    needs: { atomicTransition: true },
    async run({ backend }) {
      for (let count = 0; count < 8; count += 1) await logVersion(backend, 'm')
      await Promise.all(Array.from({ length: 8 }, (_, index) => move(backend, `m#${index + 1}`, 'production')))
      const stages = (await all(backend.versions('m', { includeDeleted: false }))).map((version) => version.stage).sort()
      assert.deepEqual(stages, [...Array.from({ length: 7 }, () => 'archived'), 'production'])
    }
  },
  {
    name: 'stages/unknown',
    promise: 'a stage that the registry does not know is INVALID_STAGE',
    async run({ backend }) {
      await logVersion(backend, 'm')
      await failure(move(backend, 'm#1', 'shadow'), 'INVALID_STAGE')
    }
  },
  {
    name: 'stages/not-found',
    promise: 'a move of no version is NOT_FOUND, of a deleted one VERSION_DELETED',
    async run({ backend }) {
      await failure(move(backend, 'nobody', 'staging'), 'NOT_FOUND')
      await logVersion(backend, 'm')
      await backend.deleteVersion({ reference: toReference('m#1'), reason: 'bad' }, {})
      await failure(move(backend, 'm#1', 'staging'), 'VERSION_DELETED')
    }
  },
  {
    name: 'stages/staging-last',
    promise: 'name@staging is the version that entered it last',
    async run({ backend }) {
      await logVersion(backend, 'm')
      await logVersion(backend, 'm')
      await move(backend, 'm#2', 'staging')
      await move(backend, 'm#1', 'staging')
      assert.equal(await numberOf(backend, 'm@staging'), '1.0.0')
    }
  },
  {
    name: 'rollback/back',
    promise: 'a rollback makes live what was live before',
    async run({ backend }) {
      for (const sequence of [1, 2, 3]) {
        await logVersion(backend, 'm', { files: { a: String(sequence) } })
        await move(backend, `m#${sequence}`, 'production')
      }
      assert.equal((await backend.rollback({ name: 'm', audience: 'default' }, {})).version, '1.0.1')
      assert.equal(await numberOf(backend, 'm@production'), '1.0.1')
      assert.equal((await backend.rollback({ name: 'm', audience: 'default' }, {})).version, '1.0.0')
      await failure(backend.rollback({ name: 'm', audience: 'default' }, {}), 'NOT_FOUND')
    }
  },
  {
    name: 'rollback/to',
    promise: 'a rollback can name its target',
    async run({ backend }) {
      for (const sequence of [1, 2, 3]) {
        await logVersion(backend, 'm')
        await move(backend, `m#${sequence}`, 'production')
      }
      const back = await backend.rollback({ name: 'm', audience: 'default', to: toReference('m#1') }, {})
      assert.deepEqual([back.version, back.stage], ['1.0.0', 'production'])
    }
  },
  {
    name: 'rollback/expected-current',
    promise: 'a rollback from another version than expected is a CONFLICT',
    needs: { compareAndSet: true },
    async run({ backend }) {
      for (const sequence of [1, 2]) {
        await logVersion(backend, 'm')
        await move(backend, `m#${sequence}`, 'production')
      }
      await failure(backend.rollback({ name: 'm', audience: 'default', expectedCurrent: '1.0.0' }, {}), 'CONFLICT')
    }
  },
  {
    name: 'rollback/nothing',
    promise: 'a rollback of no model, or with nothing before, is NOT_FOUND',
    async run({ backend }) {
      await failure(backend.rollback({ name: 'nobody', audience: 'default' }, {}), 'NOT_FOUND')
      await logVersion(backend, 'm')
      await move(backend, 'm#1', 'production')
      await failure(backend.rollback({ name: 'm', audience: 'default' }, {}), 'NOT_FOUND')
    }
  }
]
