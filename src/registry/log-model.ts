import * as z from 'zod'
import type { ArtifactsInput } from '../artifacts/artifacts-input.js'
import type { MutationOptions } from '../backends/backend.js'
import { StemmaError } from '../errors/stemma-error.js'
import { nextVersion } from '../record/bump-version.js'
import { checkModelName } from '../record/model-name.js'
import { logModelInputSchema, type CaptureOptions, type DatasetInput, type DerivationInput } from '../schemas/log-input.js'
import type { Evaluation } from '../schemas/evaluation.js'
import type { ModelVersion } from '../schemas/model-version.js'
import { parse } from '../schemas/parse.js'
import type { Training } from '../schemas/training.js'
import type { TransferOptions } from '../util/options.js'
import { checkMutation, parseOptions } from './check-options.js'
import { beginCall, type RegistryContext } from './context.js'
import { checkLogMetadata } from './log-model/check-metadata.js'
import { gatherBirth } from './log-model/gather-birth.js'
import { storeArtifacts } from './log-model/store-artifacts.js'
import { ownFields } from './own-options.js'
import { refuseSecretShapes } from './refuse-secret-shapes.js'
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

const symlinksSchema = z.enum(['error', 'follow']).default('error')

/** Options of `logModel`. */
export interface LogModelOptions extends MutationOptions, TransferOptions {}

/** Logs a version; see `Registry.logModel`. */
export async function logModel(context: RegistryContext, input: LogModelInput, options: LogModelOptions = {}): Promise<ModelVersion> {
  const signal = beginCall(context, options.signal)
  const { operationId, actor } = checkMutation(options, 'logModel')
  const { artifacts, training, symlinks, ...rest } = input
  const fields = parseOptions(logModelInputSchema, ownFields(rest, 'logModel input'), { what: 'logModel input' })
  const name = checkModelName(fields.name)
  refuseSecretShapes({ name, version: fields.version, aliases: fields.aliases })
  if (fields.version !== undefined && fields.bump !== undefined) {
    throw new StemmaError('INVALID_INPUT', 'logModel input: version and bump exclude each other', { hint: 'give one of them' })
  }
  if (fields.version !== undefined) nextVersion([], { exact: fields.version })
  const metadata = checkLogMetadata(fields, training)

  const transfer = { signal, onProgress: options.onProgress }
  const [birth, stored] = await settleBoth(
    gatherBirth(context, fields, metadata, signal),
    storeArtifacts(context, { artifacts, preprocessing: input.preprocessing, symlinks: parse(symlinksSchema, symlinks, { what: 'logModel input at symlinks' }) }, transfer)
  )
  return context.backend.createVersion(
    {
      name,
      manifest: stored.manifest,
      birth,
      version: fields.version === undefined ? { bump: fields.bump ?? 'patch' } : { exact: fields.version },
      tags: metadata.tags,
      description: fields.description,
      aliases: fields.aliases ?? []
    },
    { signal, operationId, actor: actor ?? context.actor }
  )
}

/** Like `Promise.all`, but rejects only when both have stopped: nothing of a failed log goes on in the background. */
async function settleBoth<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b])
  return Promise.all([a, b])
}
