import type { Artifact } from '../schemas/artifact.js'
import type { Difference, EvaluationDifference, VersionComparison } from '../schemas/comparison.js'
import type { Dataset } from '../schemas/dataset.js'
import type { Evaluation } from '../schemas/evaluation.js'
import type { ModelVersion } from '../schemas/model-version.js'
import { canonicalJson } from '../util/canonical-json.js'
import { compareCode, compareEnvironments, compareHardware } from './compare-environments.js'
import { jsonDifferences, numberDifferences, sortByField } from './json-differences.js'

/**
 * What differs between two versions, of one model or of two. Equal values are left out, a side that lacks a value has no
 * entry for it, and every list is sorted by field or path.
 *
 * - `params`: what was given and what the training recorded, taken together; of the same name, the given one counts.
 * - `evaluations`: by data set, slice and metric; `field` joins them with `/`, `*` where no data set or no slice is named.
 * - `datasets`: `<name>.<role>.<property>`, or `<name>.<property>` without a role.
 * - `environment`, `hardware`: as `compareEnvironments` and `compareHardware` have it.
 */
export function compareVersions(a: ModelVersion, b: ModelVersion): VersionComparison {
  const artifacts = compareArtifacts(a.artifacts, b.artifacts)
  return {
    a: { name: a.name, version: a.version, digest: a.digest },
    b: { name: b.name, version: b.version, digest: b.digest },
    sameArtifacts:
      artifacts.added.length === 0 &&
      artifacts.removed.length === 0 &&
      artifacts.changed.every((change) => change.a.digest === change.b.digest),
    sizeDeltaBytes: b.sizeBytes - a.sizeBytes,
    artifacts,
    metrics: numberDifferences(Object.entries(a.metrics), Object.entries(b.metrics)),
    evaluations: compareEvaluations(a.evaluations, b.evaluations),
    featureImportance: numberDifferences(Object.entries(a.featureImportance), Object.entries(b.featureImportance)),
    params: jsonDifferences(effectiveParams(a), effectiveParams(b)),
    tags: compareTags(a.tags, b.tags),
    datasets: compareDatasets(a.datasets, b.datasets),
    code: compareCode(a.code, b.code),
    environment: compareEnvironments(a.environment, b.environment),
    hardware: compareHardware(a.hardware, b.hardware),
    other: compareOthers(a, b)
  }
}

function compareArtifacts(a: readonly Artifact[], b: readonly Artifact[]): VersionComparison['artifacts'] {
  const before = new Map(a.map((artifact) => [artifact.path, artifact]))
  const after = new Set(b.map((artifact) => artifact.path))
  const changed: VersionComparison['artifacts']['changed'] = []
  const added: Artifact[] = []
  let unchangedCount = 0
  for (const artifact of b) {
    const earlier = before.get(artifact.path)
    if (!earlier) added.push(artifact)
    else if (canonicalJson(earlier) === canonicalJson(artifact)) unchangedCount += 1
    else changed.push({ path: artifact.path, a: earlier, b: artifact })
  }
  return {
    added: sortByPath(added),
    removed: sortByPath(a.filter((artifact) => !after.has(artifact.path))),
    changed: sortByPath(changed),
    unchangedCount
  }
}

function sortByPath<T extends { path: string }>(items: T[]): T[] {
  return items.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

/** When the same part was evaluated twice, the later one counts. */
function compareEvaluations(a: readonly Evaluation[], b: readonly Evaluation[]): EvaluationDifference[] {
  const parts = new Map<string, Pick<EvaluationDifference, 'field' | 'dataset' | 'slice' | 'metric'>>()
  const numbersOf = (evaluations: readonly Evaluation[]): [string, number][] =>
    evaluations.flatMap(({ dataset, slice, metrics }) =>
      Object.entries(metrics).map(([metric, value]): [string, number] => {
        const key = JSON.stringify([dataset, slice, metric])
        const field = `${dataset ?? '*'}/${slice ?? '*'}/${metric}`
        parts.set(key, { field, ...(dataset === undefined ? {} : { dataset }), ...(slice === undefined ? {} : { slice }), metric })
        return [key, value]
      })
    )
  const differences = numberDifferences(numbersOf(a), numbersOf(b)).flatMap((numbers): EvaluationDifference[] => {
    const part = parts.get(numbers.field)
    return part === undefined ? [] : [{ ...numbers, ...part }]
  })
  return sortByField(differences)
}

function effectiveParams(version: ModelVersion): object {
  return Object.fromEntries([...Object.entries(version.training?.params ?? {}), ...Object.entries(version.params)])
}

/** Names of tags stand as they are, without quotes: there is nothing below them. */
function compareTags(a: Record<string, string>, b: Record<string, string>): Difference[] {
  const sideA = new Map(Object.entries(a))
  const sideB = new Map(Object.entries(b))
  const differences = Array.from(new Set([...sideA.keys(), ...sideB.keys()]), (field): Difference => {
    const valueA = sideA.get(field)
    const valueB = sideB.get(field)
    return { field, ...(valueA === undefined ? {} : { a: valueA }), ...(valueB === undefined ? {} : { b: valueB }) }
  })
  return sortByField(differences.filter((difference) => difference.a !== difference.b))
}

function compareDatasets(a: readonly Dataset[], b: readonly Dataset[]): Difference[] {
  const sideA = datasetsByUse(a)
  const sideB = datasetsByUse(b)
  const uses = new Map([...sideA, ...sideB].map(([key, { path }]) => [key, path]))
  return sortByField(
    [...uses].flatMap(([key, path]) => jsonDifferences(sideA.get(key)?.properties, sideB.get(key)?.properties, path))
  )
}

/** A data set may be used in several roles, and even twice in one; the second is `#2`. */
function datasetsByUse(datasets: readonly Dataset[]): Map<string, { path: string[]; properties: object }> {
  const uses = new Map<string, { path: string[]; properties: object }>()
  for (const { name, role, ...properties } of datasets) {
    const path = role === undefined ? [name] : [name, role]
    let use = path
    for (let count = 2; uses.has(JSON.stringify(use)); count += 1) use = [...path, `#${count}`]
    // Without any property there would be nothing to tell its absence by.
    uses.set(JSON.stringify(use), { path: use, properties: Object.keys(properties).length > 0 ? properties : { name } })
  }
  return uses
}

function compareOthers(a: ModelVersion, b: ModelVersion): Difference[] {
  return jsonDifferences(otherValues(a), otherValues(b))
}

function otherValues({ stage, audiences, aliases, description, signature, derivedFrom, training }: ModelVersion): object {
  return {
    stage,
    audiences,
    aliases,
    description,
    signature,
    derivedFrom,
    training: { durationMs: training?.durationMs }
  }
}
