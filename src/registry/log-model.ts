import * as z from 'zod'
import type { ArtifactsInput } from '../artifacts/artifacts-input.js'
import type { MutationOptions } from '../backends/backend.js'
import type { Evaluation } from '../schemas/evaluation.js'
import type { CaptureOptions, DatasetInput, DerivationInput } from '../schemas/log-input.js'
import type { ModelVersion } from '../schemas/model-version.js'
import { parse } from '../schemas/parse.js'
import type { Training } from '../schemas/training.js'
import type { TransferOptions } from '../util/options.js'
import { checkMutation } from './check-options.js'
import { beginCall, type RegistryContext } from './context.js'
import { prepareLog } from './log-model/prepare-log.js'
import { publishModel } from './log-model/publish-model.js'
import type { QueuedModel } from './outbox/queued-model.js'
import type { TrainingRecorder } from './start-training.js'

/** What `logModel` logs. Only `name` and `artifacts` are required. */
export interface LogModelInput {
  /** `credit-score`, or with namespaces `risk/credit-score`. */
  name: string
  artifacts: ArtifactsInput
  /** An exact semver. @default the highest version, raised by `bump` */
  version?: string | undefined
  /** @default 'patch'; the first version is 1.0.0 */
  bump?: 'major' | 'minor' | 'patch' | 'prerelease' | undefined
  /** Hyper-parameters, any JSON. @default those of `training` */
  params?: Record<string, unknown> | undefined
  /** Results, finite numbers. @default the last values of the series of `training` */
  metrics?: Record<string, number> | undefined
  /** Metrics of parts of the data: one site, one protected group, one segment. */
  evaluations?: Evaluation[] | undefined
  featureImportance?: Record<string, number> | undefined
  tags?: Record<string, string> | undefined
  description?: string | undefined
  /** Aliases that shall point at the new version. */
  aliases?: string[] | undefined
  /**
   * A name, `name@version`, an address, a path or `.dvc` file that is read and hashed, or those in parts. What is hashed is named by its
   * path from the working folder: `data/loans.csv`.
   */
  datasets?: (string | DatasetInput)[] | undefined
  /** The version or versions that this one was made from. */
  derivedFrom?: DerivationInput | DerivationInput[] | undefined
  /** Files that belong to the model, such as scalers and vocabularies: stored with it, under `preprocessing/`. */
  preprocessing?: ArtifactsInput | undefined
  /** Inputs and outputs, any JSON. */
  signature?: unknown
  /** What `startTraining()` gave, or what its `finish()` returned. */
  training?: TrainingRecorder | Training | undefined
  /** `false` for nothing, or parts switched off. @default everything but the names of user and host */
  capture?: false | CaptureOptions | undefined
  /** Symbolic links among the artifacts: refused, or followed while they stay inside their folder. @default 'error' */
  symlinks?: 'error' | 'follow' | undefined
  /** Dotted paths of metadata that look like a secret and are none: `params.session`. */
  allowSecretsAt?: string[] | undefined
}

/** What to do when the registry is out of reach: fail, or keep the model in the outbox until `flushOutbox`. */
export type Offline = 'fail' | 'queue'

/** Options of `logModel`. */
export interface LogModelOptions<Mode extends Offline = 'fail'> extends MutationOptions, TransferOptions {
  /**
   * `queue`: when the registry is out of reach, the model is kept in a folder of this machine, and `flushOutbox` delivers it later, exactly
   * once.
   * @default 'fail'
   */
  offline?: Mode | undefined
}

/** What `logModel` gives: a version, or, when it may queue, what was queued. `'queued' in result` tells. */
export type Logged<Mode extends Offline> = Mode extends 'queue' ? ModelVersion | QueuedModel : ModelVersion

const offlineSchema = z.enum(['fail', 'queue']).default('fail')

/** Logs a version; see `Registry.logModel`. */
export function logModel<Mode extends Offline = 'fail'>(context: RegistryContext, input: LogModelInput, options?: LogModelOptions<Mode>): Promise<Logged<Mode>>
export async function logModel(context: RegistryContext, input: LogModelInput, options: LogModelOptions<Offline> = {}): Promise<ModelVersion | QueuedModel> {
  const signal = beginCall(context, options.signal)
  const { operationId, actor } = checkMutation(options, 'logModel')
  const offline = parse(offlineSchema, options.offline, { what: 'logModel options at offline' })
  const log = prepareLog(input)
  const call = { signal, onProgress: options.onProgress, operationId, actor: actor ?? context.actor }
  if (offline === 'fail') return publishModel(context, log, call)
  const { publishOrQueue } = await import('./outbox/publish-or-queue.js')
  return publishOrQueue(context, log, call)
}
