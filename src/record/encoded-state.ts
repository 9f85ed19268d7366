import type { VersionSummary } from '../schemas/model-version.js'

/** Format of an encoded state. Another number is not read: the state is folded again from its events. */
export const STATE_FORMAT = 2

/** One value per version, equal ones stored once: `values[at[i]]` is that of sequence i + 1. */
export interface SharedColumn<T> {
  values: T[]
  at: number[]
}

/** Values that few versions have: index and value. */
export type SparseColumn<T> = [index: number, value: T][]

/**
 * A state as plain JSON, by columns: one array per field, so that the names of fields are stored once a model and JSON.parse, which
 * is most of the cost of reading, has little to read.
 */
export interface EncodedState {
  format: typeof STATE_FORMAT
  head: [n: number, hash: string | null, ts: number]
  createdTs: number
  version: string[]
  digest: VersionSummary['digest'][]
  createdAt: string[]
  sizeBytes: number[]
  artifactCount: number[]
  metrics: VersionSummary['metrics'][]
  stage: SharedColumn<string>
  enteredStageAt: number[]
  code: SharedColumn<VersionSummary['code']>
  environment: SharedColumn<VersionSummary['environment']>
  hardware: SharedColumn<VersionSummary['hardware']>
  params: SharedColumn<VersionSummary['params']>
  datasets: SharedColumn<VersionSummary['datasets']>
  tags: SharedColumn<VersionSummary['tags']>
  evaluations: SparseColumn<VersionSummary['evaluations']>
  featureImportance: SparseColumn<VersionSummary['featureImportance']>
  derivedFrom: SparseColumn<VersionSummary['derivedFrom']>
  /** Of those that were moved since they were made. */
  stageSince: SparseColumn<VersionSummary['stageSince']>
  /** Gives the audiences, too. */
  live: SparseColumn<VersionSummary['live']>
  aliases: SparseColumn<string[]>
  approvals: SparseColumn<VersionSummary['approvals']>
  createdBy: SparseColumn<string>
  description: SparseColumn<string>
  signature: SparseColumn<NonNullable<VersionSummary['signature']> | null>
  training: SparseColumn<NonNullable<VersionSummary['training']>>
  deleted: SparseColumn<NonNullable<VersionSummary['deleted']>>
  /** Fields that this stemma does not know. */
  extra: SparseColumn<[key: string, value: unknown][]>
  production: [audience: string, stack: number[], live: boolean][]
  everLive: number[]
  operations: { ids: string[]; at: number[] }
}

const DENSE = ['version', 'digest', 'createdAt', 'sizeBytes', 'artifactCount', 'metrics', 'enteredStageAt'] as const
const SHARED = ['stage', 'code', 'environment', 'hardware', 'params', 'datasets', 'tags'] as const
const SPARSE = [
  'evaluations',
  'featureImportance',
  'derivedFrom',
  'stageSince',
  'live',
  'aliases',
  'approvals',
  'createdBy',
  'description',
  'signature',
  'training',
  'deleted',
  'extra'
] as const

/**
 * Whether a value has the outline of an encoded state: every column there and as long as the others. What is inside the columns is
 * not looked at: a snapshot carries a checksum, and this is in the way of every cold search.
 */
export function isEncodedState(json: unknown): json is EncodedState {
  if (!isObject(json) || json.format !== STATE_FORMAT) return false
  const { head, version, production, everLive, operations } = json
  if (!Array.isArray(head) || head.length !== 3 || typeof head[0] !== 'number' || typeof head[2] !== 'number') return false
  if (typeof json.createdTs !== 'number' || !isStrings(version)) return false
  const count = version.length
  if (!DENSE.every((column) => isList(json[column], count))) return false
  if (!SHARED.every((column) => isShared(json[column], count))) return false
  if (!SPARSE.every((column) => isSparse(json[column], count))) return false
  if (!Array.isArray(production) || !Array.isArray(everLive)) return false
  if (!production.every((entry) => Array.isArray(entry) && typeof entry[0] === 'string' && Array.isArray(entry[1]))) return false
  return isObject(operations) && isStrings(operations.ids) && isList(operations.at, operations.ids.length)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isList(value: unknown, length: number): boolean {
  return Array.isArray(value) && value.length === length
}

function isShared(value: unknown, count: number): boolean {
  if (!isObject(value) || !Array.isArray(value.values) || !Array.isArray(value.at) || value.at.length !== count) return false
  const { length } = value.values
  return value.at.every((index) => typeof index === 'number' && index >= 0 && index < length)
}

function isSparse(value: unknown, count: number): boolean {
  return Array.isArray(value) && value.every((entry) => Array.isArray(entry) && entry.length === 2 && entry[0] >= 0 && entry[0] < count)
}
