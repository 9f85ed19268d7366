import type { VersionSummary } from '../schemas/model-version.js'
import { isNearName, nearestNames } from '../util/nearest-names.js'
import { formatFieldPath } from './field-path.js'
import { quoteForMessage, type Fail } from './query-error.js'

/**
 * How the values of a field compare.
 *
 * - `text`: by UTF-16 code units; `number`: as numbers.
 * - `version`: as semver, build metadata last; `instant`: as times, with an ISO date (the whole day, UTC) or date-time.
 * - `presence`: `true` where the field exists, `false` where it does not.
 * - `any`: text as text, numbers as numbers, `true` and `false` only for equality.
 * - `group`: holds several values under names; only `exists` can be asked of it.
 */
export type ValueKind = 'text' | 'number' | 'version' | 'instant' | 'presence' | 'any' | 'group'

type Shape =
  | { is: Exclude<ValueKind, 'group'>; of?: Readonly<Record<string, Shape>> }
  /** Named values, all of one shape; anything below a name is a mistake if that shape has no names of its own. */
  | { is: 'map'; each: Shape }
  /** Named values of several shapes; names that are not here hold `any`. */
  | { is: 'record'; of: Readonly<Record<string, Shape>> }

interface SearchField {
  shape: Shape
  read: (version: VersionSummary) => unknown
}

/** Where the values of a field are found: those at `keys` below what `read` gives, any element of a list on the way. */
export interface FieldSource {
  /** The names that were asked for. */
  path: readonly string[]
  kind: ValueKind
  read: (version: VersionSummary) => unknown
  keys: readonly string[]
}

const TEXT: Shape = { is: 'text' }
const NUMBER: Shape = { is: 'number' }
const INSTANT: Shape = { is: 'instant' }
const VERSION: Shape = { is: 'version' }
const ANY: Shape = { is: 'any' }
const NUMBERS: Shape = { is: 'map', each: NUMBER }

/**
 * Every field that can be searched, in the order in which documentation and messages list them. Lists (`audiences`, `live`,
 * `aliases`, `evaluations`, `datasets`, `derivedFrom`, `approvals`) stand for each of their elements.
 */
const FIELDS: ReadonlyMap<string, SearchField> = new Map<string, SearchField>([
  ['name', { shape: TEXT, read: (version) => version.name }],
  ['version', { shape: VERSION, read: (version) => version.version }],
  ['sequence', { shape: NUMBER, read: (version) => version.sequence }],
  ['digest', { shape: TEXT, read: (version) => version.digest }],
  ['createdAt', { shape: INSTANT, read: (version) => version.createdAt }],
  ['createdBy', { shape: TEXT, read: (version) => version.createdBy }],
  ['sizeBytes', { shape: NUMBER, read: (version) => version.sizeBytes }],
  ['artifactCount', { shape: NUMBER, read: (version) => version.artifactCount }],
  ['stage', { shape: TEXT, read: (version) => version.stage }],
  [
    'stageSince',
    {
      shape: { is: 'record', of: { at: INSTANT, by: TEXT, reason: TEXT, action: TEXT, replacedBy: VERSION } },
      read: (version) => version.stageSince
    }
  ],
  ['audiences', { shape: TEXT, read: (version) => version.audiences }],
  [
    'live',
    {
      shape: { is: 'record', of: { audience: TEXT, at: INSTANT, by: TEXT, reason: TEXT, action: TEXT, replaced: VERSION } },
      read: (version) => version.live
    }
  ],
  ['aliases', { shape: TEXT, read: (version) => version.aliases }],
  ['tags', { shape: { is: 'map', each: TEXT }, read: (version) => version.tags }],
  ['description', { shape: TEXT, read: (version) => version.description }],
  ['params', { shape: { is: 'map', each: ANY }, read: (version) => version.params }],
  ['metrics', { shape: NUMBERS, read: (version) => version.metrics }],
  // Answered from `evaluations`, see openField.
  ['slices', { shape: { is: 'map', each: NUMBERS }, read: () => undefined }],
  ['evaluations', { shape: { is: 'record', of: { dataset: TEXT, slice: TEXT, metrics: NUMBERS } }, read: (version) => version.evaluations }],
  ['featureImportance', { shape: NUMBERS, read: (version) => version.featureImportance }],
  [
    'datasets',
    {
      shape: { is: 'record', of: { name: TEXT, version: TEXT, digest: TEXT, uri: TEXT, role: TEXT, sizeBytes: NUMBER } },
      read: (version) => version.datasets
    }
  ],
  [
    'derivedFrom',
    { shape: { is: 'record', of: { name: TEXT, version: VERSION, digest: TEXT, relation: TEXT } }, read: (version) => version.derivedFrom }
  ],
  ['signature', { shape: ANY, read: (version) => version.signature }],
  [
    'training',
    { shape: { is: 'record', of: { startedAt: INSTANT, finishedAt: INSTANT, durationMs: NUMBER } }, read: (version) => version.training }
  ],
  ['code', { shape: { is: 'record', of: {} }, read: (version) => version.code }],
  ['environment', { shape: { is: 'record', of: {} }, read: (version) => version.environment }],
  ['hardware', { shape: { is: 'record', of: {} }, read: (version) => version.hardware }],
  [
    'approvals',
    { shape: { is: 'record', of: { by: TEXT, decision: TEXT, comment: TEXT, at: INSTANT } }, read: (version) => version.approvals }
  ],
  ['deleted', { shape: { is: 'presence', of: { at: INSTANT, reason: TEXT, by: TEXT } }, read: (version) => version.deleted }],
  ['schemaVersion', { shape: NUMBER, read: (version) => version.schemaVersion }]
])

/** The names of all fields that can be searched. */
export const SEARCH_FIELD_NAMES: readonly string[] = [...FIELDS.keys()]

/** Finds where a field's values are; undefined for a field that cannot exist. */
export function openField(path: readonly string[]): FieldSource | undefined {
  const [name = '', ...keys] = path
  const field = FIELDS.get(name)
  const kind = field && kindAt(field.shape, keys)
  if (!field || !kind) return undefined
  if (name !== 'slices') return { path, kind, read: field.read, keys }
  const [slice, ...metric] = keys
  const read = (version: VersionSummary): unknown =>
    version.evaluations.filter((evaluation) => (slice === undefined ? evaluation.slice !== undefined : evaluation.slice === slice))
  return { path, kind, read, keys: slice === undefined ? [] : ['metrics', ...metric] }
}

/** Calls `fail` for a field that cannot exist: an unknown first name, or names below a single value. */
export function checkField(path: readonly string[], fail: Fail): ValueKind {
  const [name = '', ...keys] = path
  const field = FIELDS.get(name)
  if (!field) return failUnknown(path, fail)
  const kind = kindAt(field.shape, keys)
  if (kind) return kind
  const shown = formatFieldPath(path)
  const depth = keys.findIndex((_, index) => kindAt(field.shape, keys.slice(0, index + 1)) === undefined)
  const single = formatFieldPath([name, ...keys.slice(0, depth)])
  const last = path.length - keys.length + depth - 1
  const hint =
    depth === 0
      ? `Ask for ${single} itself`
      : `If the name has dots in it, put it into double quotes: ${formatFieldPath([...path.slice(0, last), path.slice(last).join('.')])}`
  return fail(`there is nothing at ${quoteForMessage(shown)}, because ${single} is a single value`, hint)
}

function kindAt(shape: Shape, keys: readonly string[]): ValueKind | undefined {
  const [key, ...rest] = keys
  if (key === undefined) return shape.is === 'map' || shape.is === 'record' ? 'group' : shape.is
  if (shape.is === 'map') return kindAt(shape.each, rest)
  if (shape.is === 'any') return 'any'
  const below = shape.of && Object.hasOwn(shape.of, key) ? shape.of[key] : undefined
  if (below) return kindAt(below, rest)
  return shape.is === 'record' ? 'any' : undefined
}

function failUnknown(path: readonly string[], fail: Fail): never {
  const name = path[0] ?? ''
  const known = nearestNames(name, SEARCH_FIELD_NAMES)
  const rest = path.slice(1)
  const nearest = known[0]
  const meant = nearest !== undefined && isNearName(name, nearest) ? `Did you mean ${formatFieldPath([nearest, ...rest])}? ` : ''
  return fail(
    `there is no field ${quoteForMessage(name)}`,
    `${meant}Own values are under a group, for instance tags.${formatFieldPath([name])} or metrics.${formatFieldPath([name])}. Fields, nearest first: ${known.join(', ')}`
  )
}
