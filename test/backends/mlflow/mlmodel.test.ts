import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { mlmodelText } from '../../../src/backends/mlflow/mlmodel.js'
import { buildManifest } from '../../../src/record/manifest.js'
import { EMPTY_BIRTH } from '../conformance/fixtures.js'

const digest = `sha256:${'b'.repeat(64)}` as const
const place = { digest, artifactPath: 'model', runId: 'r', modelId: undefined, uuid: 'u'.repeat(32), nowMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6) }

function mlmodel(paths: readonly string[], signature?: unknown): Record<string, unknown> {
  const artifacts = paths.map((path) => ({ path, sizeBytes: 7, digest, format: 'binary', role: 'weights' as const }))
  const birth = { ...EMPTY_BIRTH, ...(signature === undefined ? {} : { signature: JSON.parse(JSON.stringify(signature)) as null }) }
  return parse(mlmodelText({ name: 'm', manifest: buildManifest(artifacts), birth, version: { bump: 'patch' }, tags: {}, aliases: [] }, place)) as Record<string, unknown>
}

describe('mlmodel', () => {
  it('says how an ONNX file is loaded', () => {
    expect(mlmodel(['sub/model.ONNX', 'labels.txt'])).toMatchObject({
      model_uuid: 'u'.repeat(32),
      utc_time_created: '2026-01-02 03:04:05.006000',
      model_size_bytes: 14,
      flavors: { onnx: { data: 'sub/model.ONNX' }, python_function: { loader_module: 'mlflow.onnx', data: 'sub/model.ONNX' } },
      metadata: { stemma_digest: digest }
    })
  })

  it('describes anything else, and several ONNX files, without saying how they are loaded', () => {
    for (const paths of [['model.bin'], ['a.onnx', 'b.onnx']]) expect(Object.keys(mlmodel(paths)['flavors'] as object)).toEqual(['stemma'])
  })

  it('has a signature only in the form that MLflow reads', () => {
    const columns = { inputs: [{ name: 'x', type: 'double' }], outputs: [{ type: 'long' }] }
    expect(mlmodel(['a'], columns)['signature']).toEqual({ inputs: JSON.stringify(columns.inputs), outputs: JSON.stringify(columns.outputs), params: null })
    for (const other of ['text', { inputs: 'x' }, { inputs: [] }, { inputs: [{ shape: [1] }] }]) expect(mlmodel(['a'], other)).not.toHaveProperty('signature')
  })
})
