import assert from 'node:assert/strict'
import { parseSearch } from '../../record/parse-search.js'
import { toReference } from '../../record/parse-reference.js'
import type { CaseDefinition } from './conformance-case.js'
import { all, failure, logVersion, move, numberOf } from './fixtures.js'

/** Search, history, lineage, time travel. */
export const readCases: readonly CaseDefinition[] = [
  {
    name: 'search/filter',
    promise: 'a search finds what matches, over all models',
    async run({ backend }) {
      await logVersion(backend, 'a', { birth: { metrics: { auc: 0.95 } }, tags: { site: 'berlin' } })
      await logVersion(backend, 'b', { birth: { metrics: { auc: 0.91 } }, tags: { site: 'paris' } })
      await logVersion(backend, 'c', { birth: { metrics: { auc: 0.5 } }, tags: { site: 'berlin' } })
      const names = async (where: string) => (await all(backend.search(parseSearch({ where, orderBy: 'name' }), {}))).map((one) => one.name)
      assert.deepEqual(await names('metrics.auc >= 0.9'), ['a', 'b'])
      assert.deepEqual(await names("tags.site = 'berlin'"), ['a', 'c'])
      assert.deepEqual(await names("metrics.auc >= 0.9 and tags.site = 'berlin'"), ['a'])
    }
  },
  {
    name: 'search/complete',
    promise: 'a search gives whole versions',
    async run({ backend }) {
      const logged = await logVersion(backend, 'a', { files: { 'x.bin': '1', 'y.bin': '2' } })
      assert.deepEqual(await all(backend.search(parseSearch({}), {})), [logged])
    }
  },
  {
    name: 'search/order',
    promise: 'results are in the order asked for, ties by name, then sequence',
    async run({ backend }) {
      for (const [name, auc] of [['b', 1], ['a', 1], ['a', 1], ['c', 2]] as const) await logVersion(backend, name, { birth: { metrics: { auc } } })
      const found = await all(backend.search(parseSearch({ orderBy: 'metrics.auc desc' }), {}))
      assert.deepEqual(found.map((one) => `${one.name}#${one.sequence}`), ['c#1', 'a#1', 'a#2', 'b#1'])
    }
  },
  {
    name: 'search/limit',
    promise: 'a limit takes the first',
    async run({ backend }) {
      for (let count = 0; count < 5; count += 1) await logVersion(backend, 'a')
      const found = await all(backend.search(parseSearch({ orderBy: 'sequence desc', limit: 2 }), {}))
      assert.deepEqual(found.map((one) => one.sequence), [5, 4])
    }
  },
  {
    name: 'search/fresh',
    promise: 'a search sees every change that was acknowledged before it',
    async run({ backend }) {
      const count = async () => (await all(backend.search(parseSearch({ where: "stage = 'staging'" }), {}))).length
      assert.equal(await count(), 0)
      await logVersion(backend, 'a')
      await move(backend, 'a', 'staging')
      assert.equal(await count(), 1)
      await logVersion(backend, 'b')
      await move(backend, 'b', 'staging')
      assert.equal(await count(), 2)
    }
  },
  {
    name: 'search/deleted',
    promise: 'deleted versions are found only if asked for',
    async run({ backend }) {
      await logVersion(backend, 'a')
      await backend.deleteVersion({ reference: toReference('a#1'), reason: 'x' }, {})
      assert.equal((await all(backend.search(parseSearch({}), {}))).length, 0)
      assert.equal((await all(backend.search(parseSearch({ includeDeleted: true }), {}))).length, 1)
    }
  },
  {
    name: 'history/entries',
    promise: 'the history tells who changed what from what to what, oldest first',
    needs: { history: true },
    async run({ backend }) {
      await logVersion(backend, 'm', { tags: { a: '1' } }, { actor: 'trainer' })
      await move(backend, 'm#1', 'production', { actor: 'release' })
      await backend.updateMetadata({ reference: toReference('m'), tags: { a: '2' }, reason: 'typo' }, { actor: 'qa' })
      const entries = await all(backend.history({ name: 'm' }, {}))
      assert.deepEqual(entries.map(({ n, type, actor }) => [n, type, actor]), [
        [0, 'created', 'trainer'],
        [1, 'transition', 'release'],
        [2, 'metadata', 'qa']
      ])
      assert.equal(entries[2]?.reason, 'typo')
      const tag = entries[2].changes.find((change) => change.field === 'tags.a')
      assert.deepEqual([tag?.from, tag?.to], ['1', '2'])
      assert.equal(new Set(entries.map((entry) => entry.eventDigest)).size, 3)
    }
  },
  {
    name: 'history/rising',
    promise: 'the times of a history rise strictly',
    needs: { history: true },
    async run({ backend }) {
      for (let count = 0; count < 5; count += 1) await logVersion(backend, 'm')
      const times = (await all(backend.history({ name: 'm' }, {}))).map((entry) => Date.parse(entry.at))
      assert.deepEqual(times, [...new Set(times)].sort((left, right) => left - right))
    }
  },
  {
    name: 'history/one-version',
    promise: 'the history of a version holds what concerns it, also what others did to it',
    needs: { history: true },
    async run({ backend }) {
      await logVersion(backend, 'm')
      await logVersion(backend, 'm')
      await move(backend, 'm#1', 'production')
      await move(backend, 'm#2', 'production')
      const places = (await all(backend.history({ name: 'm', reference: toReference('m#1') }, {}))).map((entry) => entry.n)
      assert.deepEqual(places, [0, 2, 3])
    }
  },
  {
    name: 'history/deleted',
    promise: 'a deleted version keeps its history',
    needs: { history: true },
    async run({ backend }) {
      await logVersion(backend, 'm')
      await backend.deleteVersion({ reference: toReference('m#1'), reason: 'bad' }, {})
      const entries = await all(backend.history({ name: 'm', reference: toReference('m@1.0.0') }, {}))
      assert.deepEqual(entries.map((entry) => entry.type), ['created', 'deleted'])
    }
  },
  {
    name: 'history/not-found',
    promise: 'the history of no model or version is NOT_FOUND',
    async run({ backend }) {
      await failure(all(backend.history({ name: 'nobody' }, {})), 'NOT_FOUND')
      await logVersion(backend, 'm')
      await failure(all(backend.history({ name: 'm', reference: toReference('m@9.0.0') }, {})), 'NOT_FOUND')
    }
  },
  {
    name: 'time/production',
    promise: 'what was live at an instant can be asked',
    needs: { timeTravel: true },
    async run({ backend }) {
      await logVersion(backend, 'm')
      await logVersion(backend, 'm')
      await move(backend, 'm#1', 'production')
      await move(backend, 'm#2', 'production')
      const [, , first, second] = await all(backend.history({ name: 'm' }, {}))
      assert(first && second)
      assert.equal(await numberOf(backend, `m@production?at=${first.at}`), '1.0.0')
      assert.equal(await numberOf(backend, `m@production?at=${second.at}`), '1.0.1')
      const before = new Date(Date.parse(first.at) - 1).toISOString()
      assert.equal(await numberOf(backend, `m@production?at=${before}`), 'NOT_FOUND')
    }
  },
  {
    name: 'time/deleted',
    promise: 'a version is there at an instant before it was deleted',
    needs: { timeTravel: true },
    async run({ backend }) {
      await logVersion(backend, 'm')
      await backend.deleteVersion({ reference: toReference('m#1'), reason: 'bad' }, {})
      const [created] = await all(backend.history({ name: 'm' }, {}))
      assert(created)
      assert.equal(await numberOf(backend, `m@1.0.0?at=${created.at}`), '1.0.0')
      assert.equal(await numberOf(backend, 'm@1.0.0?at=1990-01-01'), 'NOT_FOUND')
    }
  },
  {
    name: 'lineage/both',
    promise: 'lineage goes to ancestors, descendants and data sets across models',
    async run({ backend }) {
      const base = await logVersion(backend, 'base', { birth: { datasets: [{ name: 'loans', digest: 'md5:1', role: 'training' }] } })
      const derivedFrom = [{ name: base.name, version: base.version, digest: base.digest, relation: 'fine-tuned' as const }]
      const child = await logVersion(backend, 'child', { birth: { derivedFrom } })
      const names = async (reference: string, direction: 'ancestors' | 'descendants') => {
        const graph = await backend.lineage({ origin: { kind: 'version', reference: toReference(reference), direction }, maxHops: 10 }, {})
        return graph.nodes.filter((node) => node.kind === 'version').map((node) => node.name)
      }
      assert.deepEqual((await names('child', 'ancestors')).sort(), ['base', 'child'])
      assert.deepEqual((await names('base', 'descendants')).sort(), ['base', 'child'])
      assert.deepEqual(await names('base', 'ancestors'), ['base'])
      const graph = await backend.lineage({ origin: { kind: 'version', reference: toReference('child'), direction: 'ancestors' }, maxHops: 10 }, {})
      assert(graph.edges.some((edge) => edge.relation === 'fine-tuned' && edge.to === graph.root))
      assert(graph.nodes.some((node) => node.kind === 'dataset' && node.label.includes('loans')))
      assert.equal(child.derivedFrom[0]?.digest, base.digest)
    }
  },
  {
    name: 'lineage/from-dataset',
    promise: 'what was made from a data set can be asked, also through other versions',
    async run({ backend }) {
      const base = await logVersion(backend, 'base', { birth: { datasets: [{ name: 'patients', version: '3' }] } })
      const derivedFrom = [{ name: base.name, version: base.version, digest: base.digest, relation: 'distilled' as const }]
      await logVersion(backend, 'child', { birth: { derivedFrom } })
      await logVersion(backend, 'other')
      const graph = await backend.lineage({ origin: { kind: 'dataset', name: 'patients' }, maxHops: 5 }, {})
      const names = graph.nodes.filter((node) => node.kind === 'version').map((node) => node.name)
      assert.deepEqual(names.sort(), ['base', 'child'])
    }
  },
  {
    name: 'lineage/not-found',
    promise: 'the lineage of no version is NOT_FOUND',
    async run({ backend }) {
      const origin = { kind: 'version', reference: toReference('nobody'), direction: 'both' } as const
      await failure(backend.lineage({ origin, maxHops: 1 }, {}), 'NOT_FOUND')
    }
  }
]
