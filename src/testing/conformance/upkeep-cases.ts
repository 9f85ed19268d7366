import assert from 'node:assert/strict'
import { toReference } from '../../record/parse-reference.js'
import type { CaseDefinition } from './conformance-case.js'
import { all, failure, logVersion, move, readText, textSource } from './fixtures.js'

const DAY_MS = 86_400_000

/** Verification, garbage collection, watching, closing. */
export const upkeepCases: readonly CaseDefinition[] = [
  {
    name: 'verify/sound',
    promise: 'a sound registry has no problems',
    async run({ backend }) {
      await logVersion(backend, 'a', { files: { x: '1', y: '2' } })
      await logVersion(backend, 'b')
      await backend.deleteVersion({ reference: toReference('b#1'), reason: 'x' }, {})
      const report = await backend.verify({}, {})
      assert.deepEqual(report.problems, [])
      assert.deepEqual([report.ok, report.models, report.versions], [true, 2, 2])
    }
  },
  {
    name: 'verify/one',
    promise: 'one version can be verified alone',
    async run({ backend }) {
      await logVersion(backend, 'a', { files: { x: '1', y: '2' } })
      await logVersion(backend, 'b')
      const report = await backend.verify({ reference: toReference('a') }, {})
      assert.deepEqual([report.ok, report.versions, report.blobs], [true, 1, 3])
      await failure(backend.verify({ reference: toReference('nobody') }, {}), 'NOT_FOUND')
    }
  },
  {
    name: 'garbage/keeps',
    promise: 'nothing that a version needs is collected',
    needs: { garbageCollection: true },
    async run({ backend }) {
      const logged = await logVersion(backend, 'm', { files: { x: '1' } })
      const report = await backend.collectGarbage({ dryRun: false, graceMs: -DAY_MS }, {})
      assert.deepEqual(report.trashed, [])
      assert.equal(await readText(backend, logged.artifacts[0]?.digest ?? logged.digest), '1')
    }
  },
  {
    name: 'garbage/trash',
    promise: 'bytes that no version needs go to the trash, and a dry run only says so',
    needs: { garbageCollection: true },
    async run({ backend }) {
      const [blob] = await backend.putBlobs([textSource('a', 'orphan')], {})
      assert(blob)
      const planned = await backend.collectGarbage({ dryRun: true, graceMs: -DAY_MS }, {})
      assert.deepEqual(planned.trashed.map((one) => one.digest), [blob.digest])
      assert.equal(await readText(backend, blob.digest), 'orphan')
      const done = await backend.collectGarbage({ dryRun: false, graceMs: -DAY_MS }, {})
      assert.deepEqual(done.trashed.map((one) => one.digest), [blob.digest])
      await failure(all(backend.openBlob(blob.digest, {})), 'BLOB_MISSING')
    }
  },
  {
    name: 'garbage/grace',
    promise: 'bytes within the grace period stay',
    needs: { garbageCollection: true },
    async run({ backend }) {
      const [blob] = await backend.putBlobs([textSource('a', 'orphan')], {})
      assert(blob)
      assert.deepEqual((await backend.collectGarbage({ dryRun: false, graceMs: DAY_MS }, {})).trashed, [])
      assert.equal(await readText(backend, blob.digest), 'orphan')
    }
  },
  {
    name: 'garbage/deleted',
    promise: 'artifacts of a deleted version are garbage, its metadata is not',
    needs: { garbageCollection: true },
    async run({ backend }) {
      const shared = await logVersion(backend, 'm', { files: { shared: 's' } })
      const gone = await logVersion(backend, 'm', { files: { shared: 's', own: 'o' } })
      await backend.deleteVersion({ reference: toReference('m#2'), reason: 'x' }, {})
      const { trashed } = await backend.collectGarbage({ dryRun: false, graceMs: -DAY_MS }, {})
      const own = gone.artifacts.find((artifact) => artifact.path === 'own')
      assert.deepEqual(trashed.map((blob) => blob.digest), [own?.digest])
      assert.equal(await readText(backend, shared.artifacts[0]?.digest ?? shared.digest), 's')
      const [deleted] = await all(backend.versions('m', { includeDeleted: true }))
      assert.deepEqual(deleted?.artifacts, gone.artifacts)
    }
  },
  {
    name: 'garbage/unsupported',
    promise: 'a backend that cannot collect says so',
    needs: { garbageCollection: false },
    async run({ backend }) {
      await failure(backend.collectGarbage({ dryRun: true, graceMs: DAY_MS }, {}), 'UNSUPPORTED')
    }
  },
  {
    name: 'changes/yields',
    promise: 'a watcher is told at the start and after a change',
    async run({ backend }) {
      await logVersion(backend, 'm')
      const watcher = new AbortController()
      const seen = backend.changes('m', { signal: watcher.signal })[Symbol.asyncIterator]()
      assert.equal((await seen.next()).done, false)
      const next = seen.next()
      await move(backend, 'm#1', 'staging')
      assert.equal((await next).done, false)
      watcher.abort(new Error('enough'))
      await assert.rejects(async () => seen.next(), /enough/)
    }
  },
  {
    name: 'changes/close',
    promise: 'closing ends a watcher',
    async run({ backend }) {
      await logVersion(backend, 'm')
      const seen = backend.changes('m', {})[Symbol.asyncIterator]()
      await seen.next()
      const next = seen.next()
      await backend.close()
      assert.equal((await next).done, true)
    }
  },
  {
    name: 'commits/resolve',
    promise: 'a commit that is in the journal is found by its id, another is not',
    needs: { history: true },
    async run({ backend }) {
      await logVersion(backend, 'm')
      await logVersion(backend, 'm')
      const [, entry] = await all(backend.history({ name: 'm' }, {}))
      assert.deepEqual(await backend.resolveCommit('m', entry?.commitId ?? '', {}), { n: 1 })
      assert.equal(await backend.resolveCommit('m', 'nobody', {}), undefined)
      assert.equal(await backend.resolveCommit('nobody', 'nobody', {}), undefined)
    }
  },
  {
    name: 'close/refuses',
    promise: 'after close every call is CLOSED, and closing again is fine',
    async run({ backend }) {
      await logVersion(backend, 'm')
      await backend.close()
      await backend.close()
      const reference = toReference('m')
      await failure(backend.resolve(reference, {}), 'CLOSED')
      await failure(backend.transition({ reference, stage: 'staging' }, {}), 'CLOSED')
      await failure(backend.putBlobs([], {}), 'CLOSED')
      await failure(backend.verify({}, {}), 'CLOSED')
      await failure(all(backend.models({})), 'CLOSED')
      await failure(all(backend.versions('m', { includeDeleted: true })), 'CLOSED')
    }
  },
  {
    name: 'close/waits',
    promise: 'closing waits for what is under way',
    async run({ backend }) {
      const logging = logVersion(backend, 'm')
      await logging
      const moving = move(backend, 'm#1', 'staging')
      await backend.close()
      assert.equal((await moving).stage, 'staging')
    }
  },
  {
    name: 'abort/reads',
    promise: 'an aborted read rejects with the reason',
    async run({ backend }) {
      await logVersion(backend, 'm')
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      const isReason = (error: unknown): boolean => error === reason
      await assert.rejects(backend.resolve(toReference('m'), { signal }), isReason)
      await assert.rejects(all(backend.versions('m', { includeDeleted: true, signal })), isReason)
      await assert.rejects(all(backend.models({ signal })), isReason)
      await assert.rejects(move(backend, 'm#1', 'staging', { signal }), isReason)
    }
  }
]
