import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildLineageFrom } from '../../src/record/lineage-from.js'
import { buildLineage } from '../../src/record/lineage-graph.js'
import { lineageGraphSchema } from '../../src/schemas/lineage.js'
import type { VersionSummary } from '../../src/schemas/model-version.js'
import { digestOf, versionSummary } from './fixtures/version-summary.js'

/** A version of `name` at 1.0.0, derived from the others named. */
function derived(name: string, parents: string[] = [], overrides: Partial<VersionSummary> = {}): VersionSummary {
  const derivedFrom = parents.map((parent) => ({
    name: parent,
    version: '1.0.0',
    digest: digestOf(`${parent}@1.0.0`),
    relation: 'fine-tuned' as const
  }))
  return versionSummary({ name, derivedFrom, ...overrides })
}

const id = (name: string): string => `version:${name}@1.0.0`
const ids = (graph: { nodes: { id: string }[] }): string[] => graph.nodes.map((node) => node.id)

describe('buildLineage', () => {
  const chain = [derived('a'), derived('b', ['a']), derived('c', ['b']), derived('d', ['c']), derived('e', ['c', 'other'])]
  const [, , c = derived('c')] = chain

  it('goes up, down, or both ways', () => {
    expect(ids(buildLineage(c, chain, { direction: 'ancestors', maxHops: 10 }))).toEqual([id('a'), id('b'), id('c')])
    expect(ids(buildLineage(c, chain, { direction: 'descendants', maxHops: 10 }))).toEqual([id('c'), id('d'), id('e')])
    const both = buildLineage(c, chain, { direction: 'both', maxHops: 10 })
    expect(ids(both)).toEqual(['a', 'b', 'c', 'd', 'e'].map(id))
    expect(both).toMatchObject({ root: id('c'), truncated: false })
    expect(both.edges).toEqual([
      { from: id('a'), to: id('b'), relation: 'fine-tuned' },
      { from: id('b'), to: id('c'), relation: 'fine-tuned' },
      { from: id('c'), to: id('d'), relation: 'fine-tuned' },
      { from: id('c'), to: id('e'), relation: 'fine-tuned' }
    ])
  })

  it('stops after the hops asked for, and says whether that left something out', () => {
    expect(buildLineage(c, chain, { direction: 'both', maxHops: 0 })).toMatchObject({ nodes: [{ id: id('c') }], truncated: true })
    expect(buildLineage(c, chain, { direction: 'ancestors', maxHops: 1 })).toMatchObject({ truncated: true })
    expect(buildLineage(c, chain, { direction: 'ancestors', maxHops: 2 })).toMatchObject({ truncated: false })
  })

  it('shows the data sets, code and environment of every version reached', () => {
    const commit = 'c'.repeat(40)
    const code = { state: 'captured' as const, source: 'git' as const, commit, remote: 'https://example.com/risk' }
    const root = derived('root', ['base'], {
      datasets: [
        { name: 'loans', version: '2026', role: 'training' },
        { name: 'loans', version: '2026', role: 'test' },
        { name: 'p@tients', digest: 'md5:1' },
        { name: 'web', uri: 's3://x' },
        { name: 'bare' }
      ],
      code: { ...code, dirty: true, diffDigest: 'sha256:d' },
      environment: {
        state: 'captured',
        digest: 'sha256:e',
        runtime: { name: 'node', version: '20.20.2' },
        os: { platform: 'linux', release: '6', arch: 'x64' }
      }
    })
    const graph = buildLineage(root, [root, derived('base', [], { code })], { direction: 'ancestors', maxHops: 1 })
    expect(ids(graph)).toEqual([
      `code:https://example.com/risk@${commit}`,
      `code:https://example.com/risk@${commit}+sha256:d`,
      'dataset:bare@',
      'dataset:loans@2026',
      'dataset:p%40tients@md5:1',
      'dataset:web@s3://x',
      'environment:sha256:e',
      id('base'),
      id('root')
    ])
    expect(graph.edges).toContainEqual({ from: 'dataset:loans@2026', to: id('root'), relation: 'trained-on', role: 'test' })
    expect(graph.edges).toContainEqual({ from: 'dataset:loans@2026', to: id('root'), relation: 'trained-on', role: 'training' })
    expect(graph.edges).toContainEqual({ from: 'environment:sha256:e', to: id('root'), relation: 'ran-in' })
    expect(graph.edges).toContainEqual({ from: `code:https://example.com/risk@${commit}`, to: id('base'), relation: 'built-from' })
    expect(lineageGraphSchema.safeParse(graph).success).toBe(true)
  })

  it('shows what is missing, deleted, or there with other bytes', () => {
    const other = derived('x', ['gone', 'dead', 'swapped'])
    const dead = derived('dead', [], { deleted: { at: '2026-03-01T00:00:00.000Z', reason: 'x' } })
    const swapped = derived('swapped', [], { digest: digestOf('other bytes') })
    const graph = buildLineage(other, [dead, swapped], { direction: 'ancestors', maxHops: 3 })
    expect(graph.nodes.map(({ id: nodeId, missing, deleted }) => [nodeId, missing, deleted])).toEqual([
      [id('dead'), undefined, true],
      [id('gone'), true, undefined],
      [`${id('swapped')}@${digestOf('swapped@1.0.0')}`, true, undefined],
      [id('x'), undefined, undefined]
    ])
    expect(buildLineage(swapped, [other, dead], { direction: 'descendants', maxHops: 3 }).edges).toEqual([])
  })

  it('agrees with the closure of single steps, cycles and all', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const pairs = fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names, 'missing')), { maxLength: 14 })
    fc.assert(
      fc.property(pairs, fc.nat({ max: 7 }), fc.constantFrom('ancestors' as const, 'descendants' as const, 'both' as const), (steps, maxHops, direction) => {
        const all = names.map((name) => derived(name, steps.filter(([child]) => child === name).map(([, parent]) => parent)))
        const walk = (from: string, hops: number, up: boolean): Set<string> => {
          let reached = new Set([from])
          for (let hop = 0; hop < hops; hop += 1) {
            const found = steps.flatMap(([child, parent]) => (reached.has(up ? child : parent) ? [up ? parent : child] : []))
            reached = new Set([...reached, ...found])
          }
          return reached
        }
        const up = (hops: number): Set<string> => (direction === 'descendants' ? new Set(['a']) : walk('a', hops, true))
        const down = (hops: number): Set<string> => (direction === 'ancestors' ? new Set(['a']) : walk('a', hops, false))
        const expected = new Set([...up(maxHops), ...down(maxHops)])
        const further = new Set([...up(maxHops + 1), ...down(maxHops + 1)])
        const [root = derived('a')] = all
        const graph = buildLineage(root, all, { direction, maxHops })
        expect(ids(graph)).toEqual([...expected].map(id).sort())
        expect(graph.truncated).toBe(further.size > expected.size)
        const inside = steps.filter(([child, parent]) => expected.has(child) && expected.has(parent))
        const drawn = new Set(inside.map(([child, parent]) => `${id(parent)} ${id(child)}`))
        expect(graph.edges.map(({ from, to }) => `${from} ${to}`)).toEqual([...drawn].sort())
        expect(buildLineage(root, [...all].reverse(), { direction, maxHops })).toEqual(graph)
      }),
      { numRuns: 500 }
    )
  })

  it('takes 100,000 versions in one long line', () => {
    const line = Array.from({ length: 100_000 }, (_, index) => derived(`m${index}`, index === 0 ? [] : [`m${index - 1}`]))
    const [first = derived('m0')] = line
    const graph = buildLineage(first, line, { direction: 'descendants', maxHops: Infinity })
    expect([graph.nodes.length, graph.edges.length]).toEqual([100_000, 99_999])
  })
})

describe('buildLineageFrom', () => {
  const commit = 'abcdef1234567890abcdef1234567890abcdef12'
  const code = { state: 'captured' as const, source: 'git' as const, commit, remote: 'https://example.com/risk' }
  const all = [
    derived('on3', [], { datasets: [{ name: 'patients', version: '3', role: 'training' }, { name: 'loans', version: '1' }], code }),
    derived('on4', [], { datasets: [{ name: 'patients', version: '4' }], code: { ...code, dirty: true, diffDigest: 'sha256:d' } }),
    derived('child', ['on3']),
    derived('grandchild', ['child']),
    derived('bystander', [], { datasets: [{ name: 'loans', version: '1' }] })
  ]

  it('finds what was trained on a data set, and what came of that', () => {
    const graph = buildLineageFrom({ kind: 'dataset', name: 'patients', version: '3' }, all, { maxHops: 10 })
    expect(graph).toMatchObject({ root: 'dataset:patients@3', roots: ['dataset:patients@3'], truncated: false })
    expect(ids(graph).filter((nodeId) => nodeId.startsWith('version:'))).toEqual(['child', 'grandchild', 'on3'].map(id))
    expect(lineageGraphSchema.safeParse(graph).success).toBe(true)
  })

  it('counts hops from version to version', () => {
    const graph = buildLineageFrom({ kind: 'dataset', name: 'patients' }, all, { maxHops: 0 })
    expect(ids(graph).filter((nodeId) => nodeId.startsWith('version:'))).toEqual(['on3', 'on4'].map(id))
    expect(graph).toMatchObject({ roots: ['dataset:patients@3', 'dataset:patients@4'], root: 'dataset:patients@3', truncated: true })
  })

  it('starts at a commit, clean or not, or at an environment', () => {
    const graph = buildLineageFrom({ kind: 'code', commit: commit.slice(0, 8) }, all, { maxHops: 0 })
    expect(graph.roots).toEqual([`code:https://example.com/risk@${commit}`, `code:https://example.com/risk@${commit}+sha256:d`])
    expect(buildLineageFrom({ kind: 'code', commit: 'abc' }, all, { maxHops: 0 }).nodes).toMatchObject([{ missing: true }])
    expect(buildLineageFrom({ kind: 'code', commit, remote: 'https://else' }, all, { maxHops: 0 }).nodes).toMatchObject([{ missing: true }])
    expect(buildLineageFrom({ kind: 'environment', digest: 'sha256:e' }, all, { maxHops: 0 })).toMatchObject({ root: 'environment:sha256:e' })
  })

  it('is one missing node when nothing was made from it', () => {
    const graph = buildLineageFrom({ kind: 'dataset', name: 'patients', version: '9' }, all, { maxHops: 10 })
    expect(graph).toMatchObject({ root: 'dataset:patients@9', nodes: [{ id: 'dataset:patients@9', missing: true }], edges: [] })
  })

  it('names the data sets that may be meant by one that nothing used', () => {
    const used = ['data/loans.csv', 'old/loans.csv', 'patients'].map((name) => ({ name, digest: 'sha256:d' }))
    const similarTo = (name: string, version?: string): string[] | undefined => {
      const graph = buildLineageFrom({ kind: 'dataset', name, version }, [derived('m', [], { datasets: used })], { maxHops: 1 })
      expect(lineageGraphSchema.parse(graph)).toEqual(graph)
      return graph.nodes[0]?.similar
    }
    expect(similarTo('loans.csv')).toEqual(['data/loans.csv', 'old/loans.csv'])
    expect(similarTo('./data/loan.csv')).toEqual(['data/loans.csv'])
    expect(similarTo('Patient')).toEqual(['patients'])
    expect(similarTo('weather')).toBeUndefined()
    expect(similarTo('patients', '9')).toEqual(['patients@sha256:d'])
    expect(similarTo('patients')).toBeUndefined()
  })

  it('labels code by its commit alone when its remote is a digest', () => {
    const hashed = { ...code, remote: 'sha256:9724aa00bb11cc22' }
    const nodes = buildLineageFrom({ kind: 'code', commit }, [derived('m', [], { code: hashed })], { maxHops: 0 }).nodes
    expect(nodes).toContainEqual({ id: `code:${hashed.remote}@${commit}`, kind: 'code', label: `code@${commit.slice(0, 12)}` })
    const missing = buildLineageFrom({ kind: 'code', commit, remote: hashed.remote }, [], { maxHops: 0 }).nodes
    expect(missing).toEqual([{ id: `code:${hashed.remote}@${commit}`, kind: 'code', label: `code@${commit}`, missing: true }])
  })
})
