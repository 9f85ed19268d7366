import { StemmaError } from '../errors/stemma-error.js'
import { checkMetadata } from '../record/metadata-value.js'
import { metricSeries, type MetricSeries } from '../record/metric-series.js'
import type { JsonValue } from '../schemas/json-value.js'
import type { Training } from '../schemas/training.js'
import { systemSources, type Sources } from '../util/sources.js'

/** Options of {@link startTraining}. */
export interface StartTrainingOptions {
  /** Hyper-parameters that are known at the start, any JSON. */
  params?: Readonly<Record<string, unknown>> | undefined
  /** Where time comes from. @default the machine's clock */
  sources?: Sources | undefined
}

/** Records one training from its start; `logModel` takes it as `training`. */
export interface TrainingRecorder {
  /** Milliseconds since the start, up to now or to the end. */
  readonly elapsedMs: number
  /**
   * Records a hyper-parameter; one recorded before is replaced.
   *
   * @throws {StemmaError} INVALID_METADATA for a value that JSON cannot hold; CLOSED after the end.
   */
  param(name: string, value: unknown): void
  /** Records several hyper-parameters, like {@link TrainingRecorder.param}. */
  params(values: Readonly<Record<string, unknown>>): void
  /**
   * Records a point of a metric. Memory is bounded: of a long series evenly spaced points are kept, the last one always.
   *
   * @param step epoch, batch or whatever is counted. @default the number of points of this metric so far
   * @throws {StemmaError} INVALID_METADATA for a value that is not finite; TOO_LARGE for more than 500 metrics; CLOSED after the end.
   */
  metric(name: string, value: number, step?: number): void
  /**
   * Ends the training and gives what was recorded; called again, it gives the same. `logModel` calls it when nobody did, and
   * takes the params and the last value of each metric for what it is not told itself.
   */
  finish(): Training
}

/** Metrics that a training may have. */
export const MAX_SERIES = 500
/** Points that all series together keep when the training ends, so that a version's event stays small. */
export const MAX_LOGGED_POINTS = 2_000

/**
 * Starts to record a training: when it began, how long it took, its hyper-parameters and the course of its metrics.
 *
 * @throws {StemmaError} INVALID_METADATA for params that JSON cannot hold.
 * @example
 * ```ts
 * const training = startTraining({ params: { learningRate: 0.1, trees: 200 } })
 * for (let epoch = 0; epoch < 20; epoch++) training.metric('loss', trainOneEpoch())
 * await logModel({ name: 'credit-score', artifacts: './model', training })
 * ```
 */
export function startTraining(options: StartTrainingOptions = {}): TrainingRecorder {
  const sources = options.sources ?? systemSources
  const startedAtMs = sources.now()
  const start = sources.monotonicNow()
  const params = new Map<string, JsonValue>()
  const series = new Map<string, MetricSeries>()
  let finished: Training | undefined

  const elapsed = (): number => Math.max(0, Math.round((sources.monotonicNow() - start) * 1_000) / 1_000)
  const assertRunning = (what: string): void => {
    if (finished === undefined) return
    throw new StemmaError('CLOSED', `${what} came after the end of the training`, {
      hint: 'record before finish() and before logModel(); start another training for another run'
    })
  }
  const setParams = (values: Readonly<Record<string, unknown>>): void => {
    assertRunning('a param')
    for (const [name, value] of Object.entries(checkRecord(values))) params.set(name, value)
  }

  if (options.params !== undefined) setParams(options.params)
  return {
    get elapsedMs() {
      return finished?.durationMs ?? elapsed()
    },
    param: (name, value) => {
      setParams(Object.fromEntries([[name, value]]))
    },
    params: setParams,
    metric: (name, value, step) => {
      assertRunning(`a point of metric ${JSON.stringify(name)}`)
      assertFinite(name, 'value', value)
      if (step !== undefined) assertFinite(name, 'step', step)
      const points = series.get(name) ?? addSeries(series, name)
      points.add({ step: step ?? points.count, value, elapsedMs: elapsed() })
    },
    finish: () => {
      finished ??= summarize({ startedAtMs, durationMs: elapsed(), params, series })
      return finished
    }
  }
}

function addSeries(series: Map<string, MetricSeries>, name: string): MetricSeries {
  checkMetadata(Object.fromEntries([[name, 0]]), 'metrics')
  if (series.size >= MAX_SERIES) {
    throw new StemmaError('TOO_LARGE', `metric ${JSON.stringify(name)} would be the ${series.size + 1}st; a training has at most ${MAX_SERIES}`, {
      hint: 'put what is measured per item into evaluations or into an artifact',
      details: { limit: MAX_SERIES }
    })
  }
  const added = metricSeries()
  series.set(name, added)
  return added
}

function assertFinite(name: string, what: string, value: unknown): void {
  if (typeof value === 'number' && Number.isFinite(value)) return
  throw new StemmaError('INVALID_METADATA', `metric ${JSON.stringify(name)}: ${what} is ${String(value)}, wanted a finite number`, {
    hint: 'leave out points that a training without result gives, or stop it',
    details: { metric: name }
  })
}

function checkRecord(values: Readonly<Record<string, unknown>>): Record<string, JsonValue> {
  const checked = checkMetadata(values, 'params')
  if (typeof checked === 'object' && checked !== null && !Array.isArray(checked)) return checked
  throw new StemmaError('INVALID_METADATA', 'params: wanted an object of names and values', { hint: 'pass { name: value }' })
}

function summarize(recorded: {
  startedAtMs: number
  durationMs: number
  params: ReadonlyMap<string, JsonValue>
  series: ReadonlyMap<string, MetricSeries>
}): Training {
  const { startedAtMs, durationMs, params, series } = recorded
  const share = Math.max(2, Math.floor(MAX_LOGGED_POINTS / Math.max(1, series.size)))
  const thinned = [...series].map(([name, points]) => ({ name, count: points.count, points: points.thinned(share) }))
  const shortened = thinned.filter(({ count, points }) => points.length < count)
  return {
    startedAt: new Date(startedAtMs).toISOString(),
    finishedAt: new Date(startedAtMs + durationMs).toISOString(),
    durationMs,
    params: Object.fromEntries(params),
    series: Object.fromEntries(thinned.map(({ name, points }) => [name, points])),
    ...(shortened.length === 0 ? {} : { recordedPoints: Object.fromEntries(shortened.map(({ name, count }) => [name, count])) })
  }
}
