import { resolveDataset } from '../../artifacts/datasets.js'
import { captureAll } from '../../capture/capture.js'
import { toReference } from '../../record/parse-reference.js'
import { assertNoSecrets } from '../../record/secret-scan.js'
import { checkMetadata, EVENT_LIMITS } from '../../record/metadata-value.js'
import type { Birth } from '../../schemas/birth.js'
import type { Captured } from '../../schemas/captured.js'
import type { Derivation } from '../../schemas/derivation.js'
import type { CaptureOptions, DerivationInput } from '../../schemas/log-input.js'
import type { RegistryContext } from '../context.js'
import { workingFolder } from '../../util/working-folder.js'
import type { PreparedLog } from './prepare-log.js'

/** Puts together how the version came to be: what the caller said, what was captured, what it was made from. */
export async function gatherBirth(
  context: Pick<RegistryContext, 'backend' | 'sources'>,
  { fields, metadata }: Pick<PreparedLog, 'fields' | 'metadata'>,
  derivedFrom: Derivation[],
  signal: AbortSignal | undefined
): Promise<Birth> {
  const [captured, datasets] = await Promise.all([
    capture(context, fields.capture, signal),
    Promise.all((fields.datasets ?? []).map((dataset) => resolveDataset(dataset, { directory: workingFolder(), signal })))
  ])
  const { params, metrics, evaluations, featureImportance, signature, training } = metadata
  const birth: Birth = {
    schemaVersion: 1,
    params,
    metrics,
    evaluations,
    featureImportance,
    datasets,
    derivedFrom,
    ...(signature === undefined ? {} : { signature }),
    ...(training === undefined ? {} : { training }),
    ...captured
  }
  // The journal is immutable, so a secret in it could never be taken out again. Captured parts hold none: see capture/without-secrets.ts.
  assertNoSecrets(checkMetadata({ datasets, training: training ?? null }, 'birth metadata', EVENT_LIMITS), '', fields.allowSecretsAt ?? [])
  return birth
}

const SWITCHED_OFF: CaptureOptions = { code: false, environment: false, hardware: false, environmentFiles: false }

async function capture(context: Pick<RegistryContext, 'backend' | 'sources'>, options: false | CaptureOptions | undefined, signal: AbortSignal | undefined): Promise<Captured> {
  const result = await captureAll({ ...(options === false ? SWITCHED_OFF : options), sources: context.sources, signal })
  const { code, environment, hardware, environmentFiles } = result
  if (environment.state !== 'captured' || environmentFiles.length === 0) return { code, environment, hardware }
  const blobs = await context.backend.putBlobs(
    environmentFiles.map((file) => ({ kind: 'file', label: file.path, path: file.absolutePath, sizeBytes: file.sizeBytes })),
    { signal }
  )
  const files = environmentFiles.flatMap((file, index) => {
    const blob = blobs[index]
    return blob ? [{ path: file.path, sizeBytes: blob.sizeBytes, digest: blob.digest }] : []
  })
  return { code, environment: { ...environment, files }, hardware }
}

/** Pins each origin to the version that its reference means now. */
export async function resolveOrigins(
  context: Pick<RegistryContext, 'backend'>,
  input: DerivationInput | DerivationInput[] | undefined,
  signal: AbortSignal | undefined
): Promise<Derivation[]> {
  const origins = input === undefined ? [] : Array.isArray(input) ? input : [input]
  return Promise.all(
    origins.map(async ({ model, relation }) => {
      const { name, version, digest } = await context.backend.resolve(toReference(model), { signal })
      return { name, version, digest, relation }
    })
  )
}
