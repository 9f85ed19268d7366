import assert from 'node:assert/strict'
import { toReference } from '../../record/parse-reference.js'
import type { CaseDefinition } from './conformance-case.js'
import { all, failure, logVersion, numberOf, prepareVersion } from './fixtures.js'

/** Registering and finding versions. */
export const versionCases: readonly CaseDefinition[] = [
  {
    name: 'versions/first',
    promise: 'the first version is 1.0.0 with sequence 1',
    async run({ backend }) {
      const version = await logVersion(backend, 'team/model', { tags: { site: 'berlin' }, description: 'first', birth: { metrics: { auc: 0.9 } } })
      const { name, version: number, sequence, stage, tags, description, metrics } = version
      assert.deepEqual({ name, number, sequence, stage }, { name: 'team/model', number: '1.0.0', sequence: 1, stage: 'none' })
      assert.deepEqual({ tags, description, metrics }, { tags: { site: 'berlin' }, description: 'first', metrics: { auc: 0.9 } })
      assert.deepEqual(version.artifacts.map((artifact) => artifact.path), ['model.bin'])
      assert.equal(version.sizeBytes, version.artifacts[0]?.sizeBytes)
    }
  },
  {
    name: 'versions/same-everywhere',
    promise: 'what registering returns is what resolving returns',
    async run({ backend }) {
      const logged = await logVersion(backend, 'm', { aliases: ['best'], files: { 'a/b.bin': '1', 'c.json': '{}' } })
      assert.deepEqual(await backend.resolve(toReference('m@1.0.0'), {}), logged)
      assert.deepEqual(await all(backend.versions('m', { includeDeleted: false })), [logged])
    }
  },
  {
    name: 'versions/bumps',
    promise: 'bumps raise the highest version, sequences have no gaps',
    async run({ backend }) {
      const numbers = []
      for (const bump of ['patch', 'patch', 'minor', 'major', 'prerelease'] as const) {
        const { version, sequence } = await logVersion(backend, 'm', { bump })
        numbers.push(`${sequence}:${version}`)
      }
      assert.deepEqual(numbers, ['1:1.0.0', '2:1.0.1', '3:1.1.0', '4:2.0.0', '5:2.0.1-0'])
    }
  },
  {
    name: 'versions/exact',
    promise: 'an exact version is taken as it is, once',
    async run({ backend }) {
      assert.equal((await logVersion(backend, 'm', { version: '3.2.1' })).version, '3.2.1')
      await failure(logVersion(backend, 'm', { version: '3.2.1' }), 'ALREADY_EXISTS')
      assert.equal((await logVersion(backend, 'm', { version: '0.1.0' })).sequence, 2)
    }
  },
  {
    name: 'versions/invalid',
    promise: 'what is not semver is INVALID_VERSION and leaves nothing',
    async run({ backend }) {
      await failure(logVersion(backend, 'm', { version: 'one' }), 'INVALID_VERSION')
      assert.equal(await numberOf(backend, 'm'), 'NOT_FOUND')
      assert.deepEqual(await all(backend.models({})), [])
    }
  },
  {
    name: 'versions/blob-missing',
    promise: 'a version whose bytes are not stored is BLOB_MISSING and leaves nothing',
    async run({ backend }) {
      const request = await prepareVersion(backend, 'm')
      const [artifact] = request.manifest.artifacts
      assert(artifact)
      const manifest = { ...request.manifest, artifacts: [{ ...artifact, digest: `sha256:${'1'.repeat(64)}` as const }] }
      await failure(backend.createVersion({ ...request, manifest }, {}), 'BLOB_MISSING')
      assert.equal(await numberOf(backend, 'm'), 'NOT_FOUND')
    }
  },
  {
    name: 'versions/environment-file-missing',
    promise: 'environment files must be stored, too',
    async run({ backend }) {
      const file = { path: 'package.json', sizeBytes: 1, digest: `sha256:${'2'.repeat(64)}` }
      const environment = {
        state: 'captured' as const,
        digest: `sha256:${'3'.repeat(64)}`,
        runtime: { name: 'node', version: '20' },
        os: { platform: 'linux', release: '6', arch: 'x64' },
        files: [file]
      }
      await failure(logVersion(backend, 'm', { birth: { environment } }), 'BLOB_MISSING')
    }
  },
  {
    name: 'versions/concurrent',
    promise: 'versions logged at the same time all get numbers of their own',
    async run({ backend }) {
      const request = await prepareVersion(backend, 'm')
      const logged = await Promise.all(Array.from({ length: 12 }, () => backend.createVersion(request, {})))
      const sequences = logged.map((version) => version.sequence).sort((left, right) => left - right)
      assert.deepEqual(sequences, Array.from({ length: 12 }, (_, index) => index + 1))
      assert.equal(new Set(logged.map((version) => version.version)).size, 12)
    }
  },
  {
    name: 'versions/listing',
    promise: 'versions are listed newest first, without deleted ones unless asked',
    async run({ backend }) {
      for (let count = 0; count < 3; count += 1) await logVersion(backend, 'm')
      await backend.deleteVersion({ reference: toReference('m#2'), reason: 'bad data' }, {})
      const sequences = async (includeDeleted: boolean) => (await all(backend.versions('m', { includeDeleted }))).map((one) => one.sequence)
      assert.deepEqual(await sequences(false), [3, 1])
      assert.deepEqual(await sequences(true), [3, 2, 1])
    }
  },
  {
    name: 'versions/listing-unknown',
    promise: 'versions of no model are NOT_FOUND',
    async run({ backend }) {
      await failure(all(backend.versions('nobody', { includeDeleted: false })), 'NOT_FOUND')
    }
  },
  {
    name: 'versions/references',
    promise: 'every kind of reference finds its version',
    async run({ backend }) {
      const first = await logVersion(backend, 'm', { version: '1.0.0', files: { a: '1' }, aliases: ['gold'] })
      await logVersion(backend, 'm', { version: '1.2.0', files: { a: '2' } })
      await logVersion(backend, 'm', { version: '2.0.0-rc.1', files: { a: '3' } })
      const found = async (selector: string) => numberOf(backend, `m${selector}`)
      assert.equal(await found(''), '1.2.0')
      assert.equal(await found('@latest'), '1.2.0')
      assert.equal(await found('@^1.0'), '1.2.0')
      assert.equal(await found('@1.0.0'), '1.0.0')
      assert.equal(await found('#3'), '2.0.0-rc.1')
      assert.equal(await found(`@${first.digest}`), '1.0.0')
      assert.equal(await found('@gold'), '1.0.0')
    }
  },
  {
    name: 'versions/not-found',
    promise: 'what means nothing is NOT_FOUND',
    async run({ backend }) {
      await logVersion(backend, 'm')
      for (const reference of ['m@9.9.9', 'm#7', 'm@production', 'm@^4', `m@sha256:${'4'.repeat(64)}`, 'nobody']) {
        assert.equal(await numberOf(backend, reference), 'NOT_FOUND', reference)
      }
    }
  },
  {
    name: 'versions/models',
    promise: 'models are listed by name with what is live',
    async run({ backend }) {
      for (const name of ['b', 'a', 'team/c']) await logVersion(backend, name)
      await logVersion(backend, 'a')
      await backend.transition({ reference: toReference('a#1'), stage: 'production' }, {})
      const models = await all(backend.models({}))
      assert.deepEqual(models.map(({ name, versionCount, latest }) => [name, versionCount, latest]), [
        ['a', 2, '1.0.1'],
        ['b', 1, '1.0.0'],
        ['team/c', 1, '1.0.0']
      ])
      assert.deepEqual(models[0]?.production, { default: '1.0.0' })
    }
  },
  {
    name: 'versions/not-shared',
    promise: 'a request that is changed after the call does not change the version',
    async run({ backend }) {
      const request = await prepareVersion(backend, 'm', { tags: { site: 'berlin' } })
      await backend.createVersion(request, {})
      request.tags['site'] = 'paris'
      request.birth.params['learningRate'] = 1
      const { tags, params } = await backend.resolve(toReference('m'), {})
      assert.deepEqual({ tags, params }, { tags: { site: 'berlin' }, params: {} })
    }
  },
  {
    name: 'versions/abort',
    promise: 'an abort before the commit leaves no version',
    async run({ backend }) {
      const reason = new Error('enough')
      const request = await prepareVersion(backend, 'm')
      const aborted = backend.createVersion(request, { signal: AbortSignal.abort(reason) })
      await assert.rejects(aborted, (error) => error === reason)
      assert.equal(await numberOf(backend, 'm'), 'NOT_FOUND')
    }
  }
]
