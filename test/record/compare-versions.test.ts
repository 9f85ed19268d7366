import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareVersions } from '../../src/record/compare-versions.js'
import { versionComparisonSchema } from '../../src/schemas/comparison.js'
import type { ModelVersion } from '../../src/schemas/model-version.js'
import { versions } from './fixtures/filters.js'
import { digestOf, versionSummary } from './fixtures/version-summary.js'

function artifact(path: string, content: string): ModelVersion['artifacts'][number] {
  return { path, sizeBytes: content.length, digest: digestOf(content), format: 'binary', role: 'weights' }
}

function modelVersion(overrides: Partial<ModelVersion> = {}): ModelVersion {
  const artifacts = overrides.artifacts ?? [artifact('model.bin', 'weights')]
  return { ...versionSummary(overrides), artifacts }
}

describe('compareVersions', () => {
  it('tells artifacts that came, went and changed', () => {
    const a = modelVersion({ sizeBytes: 10, artifacts: [artifact('a', '1'), artifact('b', '1'), artifact('c', '1')] })
    const b = modelVersion({ sizeBytes: 14, artifacts: [artifact('b', '1'), artifact('c', '22'), artifact('d', '1')] })
    const comparison = compareVersions(a, b)
    expect(comparison.sameArtifacts).toBe(false)
    expect(comparison.sizeDeltaBytes).toBe(4)
    expect(comparison.artifacts).toEqual({
      added: [artifact('d', '1')],
      removed: [artifact('a', '1')],
      changed: [{ path: 'c', a: artifact('c', '1'), b: artifact('c', '22') }],
      unchangedCount: 1
    })
  })

  it('sees the same bytes under another role as changed, but the same', () => {
    const a = modelVersion()
    const comparison = compareVersions(a, modelVersion({ artifacts: a.artifacts.map((one) => ({ ...one, role: 'other' as const })) }))
    expect([comparison.sameArtifacts, comparison.artifacts.changed.length]).toEqual([true, 1])
  })

  it('gives numbers with their difference, sides that lack them left out, sorted', () => {
    const a = modelVersion({ metrics: { loss: 0.5, auc: 0.75, same: 1 }, evaluations: [{ dataset: 'loans', slice: 'site=berlin', metrics: { auc: 0.5 } }] })
    const b = modelVersion({ metrics: { auc: 1, same: 1, 'f1.macro': 0.5 }, evaluations: [{ metrics: { auc: 0.5 } }], featureImportance: { age: 1 } })
    const comparison = compareVersions(a, b)
    expect(comparison.metrics).toEqual([
      { field: 'auc', a: 0.75, b: 1, delta: 0.25 },
      { field: 'f1.macro', b: 0.5 },
      { field: 'loss', a: 0.5 }
    ])
    expect(comparison.evaluations).toEqual([
      { field: '*/*/auc', metric: 'auc', b: 0.5 },
      { field: 'loans/site=berlin/auc', dataset: 'loans', slice: 'site=berlin', metric: 'auc', a: 0.5 }
    ])
    expect(comparison.featureImportance).toEqual([{ field: 'age', b: 1 }])
  })

  it('keeps evaluations apart whose names only look alike when joined', () => {
    const metrics = { 'a/b': 1 }
    const a = modelVersion({ evaluations: [{ dataset: 'x/y', slice: 'z', metrics }, { dataset: '*', metrics }, { metrics: { 'a/b': 2 } }] })
    const b = modelVersion({ evaluations: [{ dataset: 'x', slice: 'y/z', metrics: { 'a/b': 3 } }, { metrics }] })
    expect(compareVersions(a, b).evaluations).toHaveLength(4)
    expect(compareVersions(a, b).evaluations).toContainEqual({ field: '*/*/a/b', metric: 'a/b', a: 2, b: 1, delta: -1 })
    expect(compareVersions(a, b).evaluations).toContainEqual({ field: 'x/y/z/a/b', dataset: 'x/y', slice: 'z', metric: 'a/b', a: 1 })
  })

  it('compares params value by value, with what the training recorded', () => {
    const training = { startedAt: '2026-03-01T11:00:00Z', finishedAt: '2026-03-01T12:00:00Z', durationMs: 5, series: {} }
    const a = modelVersion({ params: { rate: 0.1, optimizer: { name: 'adam', 'b.1': 1 }, layers: [1, 2] }, training: { ...training, params: { seed: 1, rate: 9 } } })
    const b = modelVersion({ params: { rate: 0.1, optimizer: { name: 'sgd' }, layers: [1, 3], extra: { x: null } }, training: { ...training, durationMs: 6, params: { seed: 2 } } })
    const comparison = compareVersions(a, b)
    expect(comparison.params).toEqual([
      { field: 'extra.x', b: null },
      { field: 'layers', a: [1, 2], b: [1, 3] },
      { field: 'optimizer."b.1"', a: 1 },
      { field: 'optimizer.name', a: 'adam', b: 'sgd' },
      { field: 'seed', a: 1, b: 2 }
    ])
    expect(comparison.other).toEqual([{ field: 'training.durationMs', a: 5, b: 6 }])
  })

  it('compares data sets by name and role', () => {
    const a = modelVersion({ datasets: [{ name: 'loans', version: '1', role: 'training' }, { name: 'bare' }, { name: 'loans', version: '1', role: 'test' }] })
    const b = modelVersion({ datasets: [{ name: 'loans', version: '1', role: 'test' }, { name: 'loans', version: '2', role: 'training' }] })
    expect(compareVersions(a, b).datasets).toEqual([
      { field: 'bare.name', a: 'bare' },
      { field: 'loans.training.version', a: '1', b: '2' }
    ])
  })

  it('compares the living part, code and tags', () => {
    const code = { state: 'captured' as const, source: 'git' as const, commit: 'a'.repeat(40) }
    const a = modelVersion({ stage: 'production', audiences: ['default'], tags: { x: '1', 'a.b': '1' }, code })
    const b = modelVersion({ description: 'better', tags: { x: '2' }, code: { ...code, commit: 'b'.repeat(40), dirty: true } })
    const comparison = compareVersions(a, b)
    expect(comparison.tags).toEqual([{ field: 'a.b', a: '1' }, { field: 'x', a: '1', b: '2' }])
    expect(comparison.code).toEqual([{ field: 'commit', a: 'a'.repeat(40), b: 'b'.repeat(40) }, { field: 'dirty', b: true }])
    expect(comparison.other).toEqual([
      { field: 'audiences', a: ['default'], b: [] },
      { field: 'description', b: 'better' },
      { field: 'stage', a: 'production', b: 'none' }
    ])
  })

  it('finds nothing between a version and itself, and turns round when the sides do', () => {
    fc.assert(
      fc.property(versions, versions, (one, other) => {
        const a = { ...one, artifacts: [artifact('x', one.version)] }
        const b = { ...other, artifacts: [artifact('x', other.version)] }
        const same = compareVersions(a, structuredClone(a))
        expect([same.metrics, same.params, same.tags, same.evaluations, same.other, same.artifacts.changed].flat()).toEqual([])
        expect(same.sameArtifacts).toBe(true)
        const there = versionComparisonSchema.parse(compareVersions(a, b))
        const back = compareVersions(b, a)
        expect(back.params.map(({ field, a: before, b: after }) => ({ field, a: after, b: before }))).toEqual(
          there.params.map(({ field, a: before, b: after }) => ({ field, a: before, b: after }))
        )
        expect(back.metrics.map(({ field }) => field)).toEqual(there.metrics.map(({ field }) => field))
      }),
      { numRuns: 200 }
    )
  })
})
