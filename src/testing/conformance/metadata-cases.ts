import assert from 'node:assert/strict'
import { toReference } from '../../record/parse-reference.js'
import type { CaseDefinition } from './conformance-case.js'
import { all, failure, logVersion, move, numberOf, prepareVersion } from './fixtures.js'

/** Living metadata, deletion, operation ids. */
export const metadataCases: readonly CaseDefinition[] = [
  {
    name: 'metadata/update',
    promise: 'tags, description, metrics and approvals change together',
    async run({ backend }) {
      await logVersion(backend, 'm', { tags: { a: '1', b: '2' }, description: 'old', birth: { metrics: { auc: 0.8 } } })
      const request = { reference: toReference('m'), tags: { a: null, c: '3' }, description: null, metrics: { f1: 0.7 }, approval: { by: 'qa', decision: 'approved' as const } }
      const updated = await backend.updateMetadata(request, {})
      assert.deepEqual(updated.tags, { b: '2', c: '3' })
      assert.equal(updated.description, undefined)
      assert.deepEqual(updated.metrics, { auc: 0.8, f1: 0.7 })
      assert.deepEqual(updated.approvals.map(({ by, decision }) => [by, decision]), [['qa', 'approved']])
      assert.deepEqual(await backend.resolve(toReference('m'), {}), updated)
    }
  },
  {
    name: 'metadata/unchanged',
    promise: 'an update that changes nothing writes nothing',
    async run({ backend }) {
      await logVersion(backend, 'm', { tags: { a: '1' } })
      await backend.updateMetadata({ reference: toReference('m'), tags: { a: '1', gone: null } }, {})
      assert.equal((await all(backend.history({ name: 'm' }, {}))).length, 1)
    }
  },
  {
    name: 'metadata/aliases',
    promise: 'an alias is unique in a model and moves when set again',
    async run({ backend }) {
      await logVersion(backend, 'm', { aliases: ['best'] })
      await logVersion(backend, 'm')
      await backend.updateMetadata({ reference: toReference('m#2'), aliases: ['best'] }, {})
      assert.equal(await numberOf(backend, 'm@best'), '1.0.1')
      assert.deepEqual((await backend.resolve(toReference('m#1'), {})).aliases, [])
      await backend.updateMetadata({ reference: toReference('m#2'), removeAliases: ['best'] }, {})
      assert.equal(await numberOf(backend, 'm@best'), 'NOT_FOUND')
    }
  },
  {
    name: 'metadata/invalid-alias',
    promise: 'an alias that reads as something else is INVALID_ALIAS and changes nothing',
    async run({ backend }) {
      await logVersion(backend, 'm')
      for (const alias of ['latest', '1.0.0', 'production']) {
        await failure(backend.updateMetadata({ reference: toReference('m'), aliases: [alias], tags: { a: '1' } }, {}), 'INVALID_ALIAS')
      }
      assert.deepEqual((await backend.resolve(toReference('m'), {})).tags, {})
    }
  },
  {
    name: 'metadata/not-found',
    promise: 'an update of no version is NOT_FOUND',
    async run({ backend }) {
      await failure(backend.updateMetadata({ reference: toReference('nobody'), tags: { a: '1' } }, {}), 'NOT_FOUND')
    }
  },
  {
    name: 'metadata/handed-out-stays',
    promise: 'a version that was handed out stays as it was',
    async run({ backend }) {
      const before = await logVersion(backend, 'm', { tags: { a: '1' } })
      // As text: what structuredClone gives is of another realm where a runner has realms of its own, and then nothing equals it.
      const said = JSON.stringify(before)
      await backend.updateMetadata({ reference: toReference('m'), tags: { a: '2' }, aliases: ['best'] }, {})
      assert.equal(JSON.stringify(before), said)
    }
  },
  {
    name: 'delete/tombstone',
    promise: 'a deleted version is not found any more, and its number is never given again',
    async run({ backend }) {
      await logVersion(backend, 'm')
      await logVersion(backend, 'm', { aliases: ['best'] })
      const deleted = await backend.deleteVersion({ reference: toReference('m#2'), reason: 'leaked labels' }, { actor: 'qa' })
      assert.equal(deleted.deleted?.reason, 'leaked labels')
      assert.equal(await numberOf(backend, 'm@1.0.1'), 'VERSION_DELETED')
      assert.equal(await numberOf(backend, 'm#2'), 'VERSION_DELETED')
      assert.equal(await numberOf(backend, 'm'), '1.0.0')
      await failure(logVersion(backend, 'm', { version: '1.0.1' }), 'ALREADY_EXISTS')
      assert.deepEqual((({ version, sequence }) => [version, sequence])(await logVersion(backend, 'm')), ['1.0.2', 3])
    }
  },
  {
    name: 'delete/twice',
    promise: 'deleting a deleted version changes nothing',
    async run({ backend }) {
      await logVersion(backend, 'm')
      await backend.deleteVersion({ reference: toReference('m#1'), reason: 'first' }, {})
      const again = await backend.deleteVersion({ reference: toReference('m#1'), reason: 'second' }, {})
      assert.equal(again.deleted?.reason, 'first')
      assert.equal((await all(backend.history({ name: 'm' }, {}))).length, 2)
    }
  },
  {
    name: 'delete/live',
    promise: 'a version in production cannot be deleted',
    async run({ backend }) {
      await logVersion(backend, 'm')
      await move(backend, 'm#1', 'production')
      await failure(backend.deleteVersion({ reference: toReference('m#1'), reason: 'no' }, {}), 'CONFLICT')
    }
  },
  {
    name: 'delete/not-found',
    promise: 'deleting no version is NOT_FOUND',
    async run({ backend }) {
      await failure(backend.deleteVersion({ reference: toReference('nobody#1'), reason: 'x' }, {}), 'NOT_FOUND')
    }
  },
  {
    name: 'operations/create',
    promise: 'a repeated createVersion answers with the first version as it was',
    needs: { idempotentMutations: true },
    async run({ backend }) {
      const request = await prepareVersion(backend, 'm')
      const first = await backend.createVersion(request, { operationId: 'op-1' })
      await backend.updateMetadata({ reference: toReference('m'), tags: { later: 'yes' } }, {})
      assert.deepEqual(await backend.createVersion(request, { operationId: 'op-1' }), first)
      assert.equal((await all(backend.versions('m', { includeDeleted: true }))).length, 1)
    }
  },
  {
    name: 'operations/transition',
    promise: 'a repeated transition does not move again',
    needs: { idempotentMutations: true },
    async run({ backend }) {
      await logVersion(backend, 'm')
      await move(backend, 'm#1', 'production', { operationId: 'op-1', expectedCurrent: null })
      await move(backend, 'm#1', 'archived')
      const again = await move(backend, 'm#1', 'production', { operationId: 'op-1', expectedCurrent: null })
      assert.equal(again.stage, 'production')
      assert.equal((await backend.resolve(toReference('m#1'), {})).stage, 'archived')
    }
  },
  {
    name: 'operations/rollback',
    promise: 'a repeated rollback goes back once',
    needs: { idempotentMutations: true },
    async run({ backend }) {
      for (const sequence of [1, 2, 3]) {
        await logVersion(backend, 'm')
        await move(backend, `m#${sequence}`, 'production')
      }
      await backend.rollback({ name: 'm', audience: 'default' }, { operationId: 'back' })
      const again = await backend.rollback({ name: 'm', audience: 'default' }, { operationId: 'back' })
      assert.equal(again.version, '1.0.1')
      assert.equal(await numberOf(backend, 'm@production'), '1.0.1')
    }
  },
  {
    name: 'operations/concurrent',
    promise: 'the same operation at the same time happens once',
    needs: { idempotentMutations: true },
    async run({ backend }) {
      const request = await prepareVersion(backend, 'm')
      const results = await Promise.all(Array.from({ length: 6 }, () => backend.createVersion(request, { operationId: 'op-1' })))
      assert.equal(new Set(results.map((version) => version.version)).size, 1)
      assert.equal((await all(backend.versions('m', { includeDeleted: true }))).length, 1)
    }
  },
  {
    name: 'operations/misused',
    promise: 'an operation id that another kind of change has is refused',
    needs: { idempotentMutations: true },
    async run({ backend }) {
      await logVersion(backend, 'm', {}, { operationId: 'op-1' })
      await failure(move(backend, 'm#1', 'staging', { operationId: 'op-1' }), 'INVALID_INPUT')
    }
  }
]
