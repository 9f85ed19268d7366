import type { VersionSummary } from '../schemas/model-version.js'
import { emptyState } from './apply-event.js'
import { isEncodedState, STATE_FORMAT, type EncodedState, type SharedColumn, type SparseColumn } from './encoded-state.js'
import type { ModelState } from './model-state.js'

/** Fields of a version that have a column, or are known without one; all others go to `extra`. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...['schemaVersion', 'name', 'version', 'sequence', 'digest', 'createdAt', 'createdBy', 'sizeBytes', 'artifactCount'],
  ...['params', 'metrics', 'evaluations', 'featureImportance', 'datasets', 'derivedFrom', 'signature', 'training'],
  ...['code', 'environment', 'hardware', 'stage', 'stageSince', 'audiences', 'live', 'aliases', 'tags', 'description', 'approvals', 'deleted']
])

/**
 * A state as plain JSON, for the cache of folded states. Compact: values that many versions have in common, such as their
 * environment, are there once. It shares objects with the state; stringify it before the state moves on.
 *
 * @example
 * ```ts
 * const text = JSON.stringify(encodeState(state))
 * const again = decodeState(JSON.parse(text), state.name)
 * ```
 */
export function encodeState(state: ModelState): EncodedState {
  const { head, versions } = state
  return {
    format: STATE_FORMAT,
    head: [head.n, head.hash, head.ts],
    createdTs: state.createdTs,
    version: versions.map((version) => version.version),
    digest: versions.map((version) => version.digest),
    createdAt: versions.map((version) => version.createdAt),
    sizeBytes: versions.map((version) => version.sizeBytes),
    artifactCount: versions.map((version) => version.artifactCount),
    metrics: versions.map((version) => version.metrics),
    stage: shared(versions.map((version) => version.stage)),
    enteredStageAt: versions.map((version) => state.enteredStageAt.get(version.sequence) ?? -1),
    code: shared(versions.map((version) => version.code)),
    environment: shared(versions.map((version) => version.environment)),
    hardware: shared(versions.map((version) => version.hardware)),
    params: shared(versions.map((version) => version.params)),
    datasets: shared(versions.map((version) => version.datasets)),
    tags: shared(versions.map((version) => version.tags)),
    evaluations: sparse(versions, (version) => nonEmpty(version.evaluations)),
    featureImportance: sparse(versions, ({ featureImportance: named }) => (Object.keys(named).length > 0 ? named : undefined)),
    derivedFrom: sparse(versions, (version) => nonEmpty(version.derivedFrom)),
    stageSince: sparse(versions, (version) => (version.stageSince.action === 'created' ? undefined : version.stageSince)),
    live: sparse(versions, (version) => nonEmpty(version.live)),
    aliases: sparse(versions, (version) => nonEmpty(version.aliases)),
    approvals: sparse(versions, (version) => nonEmpty(version.approvals)),
    createdBy: sparse(versions, (version) => version.createdBy),
    description: sparse(versions, (version) => version.description),
    signature: sparse(versions, (version) => version.signature),
    training: sparse(versions, (version) => version.training),
    deleted: sparse(versions, (version) => version.deleted),
    extra: sparse(versions, (version) => nonEmpty(Object.entries(version).filter(([key]) => !KNOWN_FIELDS.has(key)))),
    production: [...state.production].map(([audience, { stack, live }]) => [audience, stack, live]),
    everLive: [...state.everLive],
    operations: { ids: [...state.operations.keys()], at: [...state.operations.values()] }
  }
}

/**
 * The state that {@link encodeState} made `json` from, or `undefined` when it is of another format or shape. Takes parts of `json`
 * over as they are: the caller must not change it afterwards. Values that versions have in common are one object in all of them.
 */
export function decodeState(json: unknown, name: string): ModelState | undefined {
  if (!isEncodedState(json)) return undefined
  const state = emptyState(name)
  state.head = { n: json.head[0], hash: json.head[1], ts: json.head[2] }
  state.createdTs = json.createdTs
  for (let index = 0; index < json.version.length; index += 1) {
    const version = decodeVersion(json, name, index)
    if (version === undefined) return undefined
    state.versions.push(version)
    state.sequences.set(version.version, version.sequence)
    state.enteredStageAt.set(version.sequence, json.enteredStageAt[index] ?? -1)
  }
  fillSparse(state.versions, json)
  for (const version of state.versions) for (const alias of version.aliases) state.aliases.set(alias, version.sequence)
  for (const [audience, stack, live] of json.production) state.production.set(audience, { stack, live })
  for (const sequence of json.everLive) state.everLive.add(sequence)
  json.operations.ids.forEach((id, index) => state.operations.set(id, json.operations.at[index] ?? -1))
  return state
}

function decodeVersion(json: EncodedState, name: string, index: number): VersionSummary | undefined {
  const version = json.version[index]
  const digest = json.digest[index]
  const createdAt = json.createdAt[index]
  const sizeBytes = json.sizeBytes[index]
  const artifactCount = json.artifactCount[index]
  const metrics = json.metrics[index]
  const stage = valueAt(json.stage, index)
  const code = valueAt(json.code, index)
  const environment = valueAt(json.environment, index)
  const hardware = valueAt(json.hardware, index)
  const params = valueAt(json.params, index)
  const datasets = valueAt(json.datasets, index)
  const tags = valueAt(json.tags, index)
  if (version === undefined || digest === undefined || createdAt === undefined || sizeBytes === undefined) return undefined
  if (artifactCount === undefined || metrics === undefined || stage === undefined || tags === undefined) return undefined
  if (code === undefined || environment === undefined || hardware === undefined) return undefined
  if (params === undefined || datasets === undefined) return undefined
  return {
    schemaVersion: 1,
    name,
    version,
    sequence: index + 1,
    digest,
    createdAt,
    sizeBytes,
    artifactCount,
    params,
    metrics,
    evaluations: [],
    featureImportance: {},
    datasets,
    derivedFrom: [],
    code,
    environment,
    hardware,
    stage,
    stageSince: { at: createdAt, action: 'created' },
    audiences: [],
    live: [],
    aliases: [],
    tags,
    approvals: []
  }
}

/** The versions are new and nobody has seen them yet, so they may be completed in place. */
function fillSparse(versions: readonly VersionSummary[], json: EncodedState): void {
  fill(versions, json.evaluations, (version, value) => (version.evaluations = value))
  fill(versions, json.featureImportance, (version, value) => (version.featureImportance = value))
  fill(versions, json.derivedFrom, (version, value) => (version.derivedFrom = value))
  fill(versions, json.aliases, (version, value) => (version.aliases = value))
  fill(versions, json.approvals, (version, value) => (version.approvals = value))
  fill(versions, json.createdBy, (version, value) => {
    version.createdBy = value
    version.stageSince.by = value
  })
  fill(versions, json.stageSince, (version, value) => (version.stageSince = value))
  fill(versions, json.live, (version, value) => {
    version.live = value
    version.audiences = value.map(({ audience }) => audience)
  })
  fill(versions, json.description, (version, value) => (version.description = value))
  fill(versions, json.signature, (version, value) => (version.signature = value))
  fill(versions, json.training, (version, value) => (version.training = value))
  fill(versions, json.deleted, (version, value) => (version.deleted = value))
  fill(versions, json.extra, (version, fields) => {
    for (const [key, value] of fields) Object.defineProperty(version, key, { value, writable: true, enumerable: true, configurable: true })
  })
}

function fill<T>(versions: readonly VersionSummary[], column: SparseColumn<T>, set: (version: VersionSummary, value: T) => unknown): void {
  for (const [index, value] of column) {
    const version = versions[index]
    if (version !== undefined) set(version, value)
  }
}

function valueAt<T>(column: SharedColumn<T>, index: number): T | undefined {
  const at = column.at[index]
  return at === undefined ? undefined : column.values[at]
}

function sparse<T>(versions: readonly VersionSummary[], value: (version: VersionSummary) => T | undefined): SparseColumn<T> {
  const column: SparseColumn<T> = []
  versions.forEach((version, index) => {
    const found = value(version)
    if (found !== undefined) column.push([index, found])
  })
  return column
}

function nonEmpty<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined
}

/** Equal as JSON is equal enough; the same object need not be written out to know that. */
function shared<T>(cells: readonly T[]): SharedColumn<T> {
  const column: SharedColumn<T> = { values: [], at: [] }
  const seen = new Map<T, number>()
  const texts = new Map<string, number>()
  for (const cell of cells) {
    let at = seen.get(cell)
    if (at === undefined) {
      const text = JSON.stringify(cell)
      at = texts.get(text)
      if (at === undefined) {
        at = column.values.push(cell) - 1
        texts.set(text, at)
      }
      seen.set(cell, at)
    }
    column.at.push(at)
  }
  return column
}
