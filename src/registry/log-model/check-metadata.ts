import { checkMetadata, checkNumbers, checkTags, EVENT_LIMITS } from '../../record/metadata-value.js'
import { assertNoSecrets } from '../../record/secret-scan.js'
import { evaluationSchema, type Evaluation } from '../../schemas/evaluation.js'
import type { JsonValue } from '../../schemas/json-value.js'
import type { logModelInputSchema } from '../../schemas/log-input.js'
import { parse } from '../../schemas/parse.js'
import { trainingSchema, type Training } from '../../schemas/training.js'
import * as z from 'zod'
import type { TrainingRecorder } from '../start-training.js'

/** The parsed fields of `logModel` input. */
export type LogFields = z.infer<typeof logModelInputSchema>

/** What the caller said about the version, checked and copied. */
export interface LogMetadata {
  params: Record<string, JsonValue>
  metrics: Record<string, number>
  evaluations: Evaluation[]
  featureImportance: Record<string, number>
  tags: Record<string, string>
  signature: JsonValue | undefined
  training: Training | undefined
}

const evaluationsSchema = z.array(evaluationSchema.strict()).max(10_000)
const paramsSchema = z.record(z.string(), z.json())

/**
 * Checks all metadata before a byte is stored, so that a typo costs no upload. What a training recorded stands where the
 * caller said nothing.
 */
export function checkLogMetadata(fields: LogFields, trainingInput: TrainingRecorder | Training | undefined): LogMetadata {
  const training = finishTraining(trainingInput)
  const own = fields.params === undefined ? {} : parse(paramsSchema, checkMetadata(fields.params, 'params'), { what: 'params', code: 'INVALID_METADATA' })
  const metadata: LogMetadata = {
    params: { ...training?.params, ...own },
    metrics: { ...lastValues(training), ...(fields.metrics === undefined ? {} : checkNumbers(fields.metrics, 'metrics')) },
    evaluations:
      fields.evaluations === undefined
        ? []
        : parse(evaluationsSchema, checkMetadata(fields.evaluations, 'evaluations'), { what: 'evaluations', code: 'INVALID_METADATA' }),
    featureImportance: fields.featureImportance === undefined ? {} : checkNumbers(fields.featureImportance, 'featureImportance'),
    tags: fields.tags === undefined ? {} : checkTags(fields.tags, 'tags'),
    signature: fields.signature === undefined ? undefined : checkMetadata(fields.signature, 'signature'),
    training
  }
  if (fields.description !== undefined) checkMetadata(fields.description, 'description')
  const { params, metrics, featureImportance, tags, signature, evaluations } = metadata
  const texts = { params, metrics, featureImportance, tags, signature: signature ?? null, description: fields.description ?? null, evaluations }
  assertNoSecrets(checkMetadata(texts, 'metadata', EVENT_LIMITS), '', fields.allowSecretsAt ?? [])
  return metadata
}

function finishTraining(input: TrainingRecorder | Training | undefined): Training | undefined {
  if (input === undefined) return undefined
  // Also its depth, on which a schema would exhaust the stack.
  const given = isRecorder(input) ? input.finish() : checkMetadata(input, 'training', EVENT_LIMITS)
  return parse(trainingSchema, given, {
    what: 'training',
    hint: 'pass what startTraining() or its finish() returned'
  })
}

function isRecorder(input: TrainingRecorder | Training): input is TrainingRecorder {
  const given: unknown = input
  return typeof given === 'object' && given !== null && 'finish' in given && typeof given.finish === 'function'
}

/** The last value of each series: what the training ended with. */
function lastValues(training: Training | undefined): Record<string, number> {
  return Object.fromEntries(
    Object.entries(training?.series ?? {}).flatMap(([name, points]) => {
      const last = points.at(-1)
      return last ? [[name, last.value]] : []
    })
  )
}
