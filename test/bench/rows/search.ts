import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import { manifestBytes } from '../../../src/record/manifest.js'
import type { Backend } from '../../../src/backends/backend.js'
import type { Birth } from '../../../src/schemas/birth.js'
import type { Digest } from '../../../src/schemas/digest.js'
import { systemSources } from '../../../src/util/sources.js'
import { median, runProgram, type Row } from '../measure.js'
import { freshPath, program, type Workspace } from '../workspace.js'
import { sqliteContext } from './sqlite.js'

const MODELS = 1_000
const VERSIONS = 100
const SITES = ['berlin', 'paris', 'oslo', 'lisbon']

/** Search over 100,000 versions, written through the real backend. */
export async function searchRows(workspace: Workspace): Promise<Row[]> {
  const store = freshPath(workspace, 'store')
  const rows = await fill(store)
  const runs = Array.from({ length: workspace.pairs + 1 }, () => runProgram(process.execPath, [program('search'), store])).slice(1)
  const results = runs.map((run) => JSON.parse(run.output.split('\n')[0] ?? '') as { found: number; coldMs: number; warmMs: number })
  const coldMs = median(results.map((result) => result.coldMs))
  const warmMs = median(results.map((result) => result.warmMs))
  const shared = { limit: sqliteContext(workspace, rows), peakMiB: Math.max(...runs.map((run) => run.peakMiB ?? 0)) }
  const found = `${results[0]?.found ?? 0} results`
  return [
    { ...shared, id: 'search-cold', work: 'search over 100,000 versions, cold process', bar: '≤ 1,500 ms', met: coldMs <= 1_500, figure: `${coldMs.toFixed(0)} ms`, detail: found },
    { ...shared, id: 'search-warm', work: 'search over 100,000 versions, warm', bar: '≤ 20 ms', met: warmMs <= 20, figure: `${warmMs.toFixed(1)} ms`, detail: found }
  ]
}

/** What the context compares: the fields that the filter asks for. */
export interface SearchRow {
  name: string
  sequence: number
  auc: number
  site: string
}

async function fill(root: string): Promise<SearchRow[]> {
  const backend = await openLocalBackend({ root, sources: systemSources, durable: false, create: true, policy: undefined })
  const digest = await storeArtifacts(backend)
  const rows: SearchRow[] = []
  for (let model = 0; model < MODELS; model++) {
    for (let sequence = 1; sequence <= VERSIONS; sequence++) {
      // A fixed sequence of numbers that looks random, so that every run searches the same data.
      const auc = ((model * 7_919 + sequence * 104_729) % 10_007) / 10_007
      const row = { name: `team-${model % 20}/model-${model}`, sequence, auc, site: SITES[(model + sequence) % 4] ?? '' }
      rows.push(row)
      await backend.createVersion(
        {
          name: row.name,
          manifest: { schemaVersion: 1, artifacts: [{ path: 'model.onnx', sizeBytes: 5, digest, format: 'onnx', role: 'weights' }] },
          birth: birth(model, sequence, auc),
          version: { bump: 'patch' },
          tags: { site: row.site, owner: `owner-${model % 50}` },
          aliases: []
        },
        {}
      )
    }
  }
  await backend.close()
  return rows
}

async function storeArtifacts(backend: Backend): Promise<Digest> {
  const [blob] = await backend.putBlobs([{ kind: 'bytes', label: 'model.onnx', bytes: Buffer.from('bench') }], {})
  if (!blob) throw new Error('nothing was stored')
  const manifest = { schemaVersion: 1 as const, artifacts: [{ path: 'model.onnx', sizeBytes: 5, digest: blob.digest, format: 'onnx', role: 'weights' as const }] }
  await backend.putBlobs([{ kind: 'bytes', label: 'manifest', bytes: manifestBytes(manifest) }], {})
  return blob.digest
}

/** Birth metadata as a training in a small project leaves it: an environment that a model's versions share, a commit of each. */
function birth(model: number, sequence: number, auc: number): Birth {
  const hex = (seed: number, length: number): string => (seed * 2_654_435_761).toString(16).padEnd(length, '0123456789abcdef').slice(0, length)
  return {
    schemaVersion: 1,
    params: { learningRate: 0.01 * (sequence % 10), epochs: 10 + sequence, optimizer: 'adam', layers: [64, 32] },
    metrics: { auc, loss: 1 - auc, f1: auc * 0.9 },
    evaluations: SITES.map((site) => ({ slice: `site=${site}`, metrics: { auc: auc * 0.98 } })),
    featureImportance: {},
    datasets: [{ name: `loans-${model % 30}`, version: String(sequence), digest: `sha256:${hex(model + sequence, 64)}`, role: 'training' }],
    derivedFrom: [],
    code: { state: 'captured', source: 'git', commit: hex(model * 1_000 + sequence, 40), branch: 'main', remote: 'https://git.example.org/team/models', dirty: false },
    environment: {
      state: 'captured',
      digest: `sha256:${hex(model, 64)}`,
      runtime: { name: 'node', version: 'v20.20.2', abi: '115' },
      packageManager: { name: 'npm', version: '11.0.0' },
      os: { platform: 'linux', release: '6.1.0', arch: 'x64', distribution: 'Debian GNU/Linux 12', libc: 'glibc 2.36' },
      lockfile: { path: 'package-lock.json', digest: `sha256:${hex(model + 1, 64)}` },
      dependencies: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`package-${index}`, `1.${model % 40}.${index}`]))
    },
    hardware: { state: 'captured', cpu: { model: 'Intel Xeon', logicalCores: 8 }, memoryBytes: 34_359_738_368, gpus: [] }
  }
}
