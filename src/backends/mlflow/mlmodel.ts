import { stringify } from 'yaml'
import type { CreateVersionRequest } from '../../schemas/requests.js'
import type { Digest } from '../../schemas/digest.js'
import { LIBRARY } from '../../util/library.js'

/** What an MLmodel file says besides what the request has. */
export interface MlmodelPlace {
  readonly digest: Digest
  readonly artifactPath: string
  readonly runId: string
  readonly modelId: string | undefined
  /** 32 hex digits. */
  readonly uuid: string
  readonly nowMs: number
}

/** Name of the file by which MLflow knows a folder as a model. */
export const MLMODEL = 'MLmodel'

/**
 * The MLmodel file of a version: with an ONNX file MLflow loads it as such, and through pyfunc; any other format is shown and described.
 */
export function mlmodelText(request: CreateVersionRequest, place: MlmodelPlace): string {
  const { manifest, birth } = request
  const sizeBytes = manifest.artifacts.reduce((sum, artifact) => sum + artifact.sizeBytes, 0)
  const time = new Date(place.nowMs).toISOString().replace('T', ' ').replace('Z', '000')
  const signature = mlflowSignature(birth.signature)
  return stringify({
    artifact_path: place.artifactPath,
    run_id: place.runId,
    ...(place.modelId === undefined ? {} : { model_id: place.modelId }),
    model_uuid: place.modelId ?? place.uuid,
    utc_time_created: time,
    flavors: flavors(request),
    ...(signature === undefined ? {} : { signature }),
    model_size_bytes: sizeBytes,
    metadata: { stemma_digest: place.digest, stemma_library: LIBRARY }
  })
}

function flavors({ manifest }: CreateVersionRequest): Record<string, unknown> {
  const formats = [...new Set(manifest.artifacts.filter(({ role }) => role === 'weights').map(({ format }) => format))].sort()
  const own = { stemma: { artifacts: manifest.artifacts.length, formats } }
  const onnx = manifest.artifacts.filter(({ path }) => path.toLowerCase().endsWith('.onnx'))
  const [model] = onnx
  // Which of several is the model nobody can tell.
  if (!model || onnx.length > 1) return own
  return {
    ...own,
    onnx: { data: model.path, onnx_version: 'unknown', providers: ['CPUExecutionProvider'], code: null },
    python_function: { loader_module: 'mlflow.onnx', data: model.path, env: { conda: 'conda.yaml', virtualenv: 'python_env.yaml' } }
  }
}

/** A signature in MLflow's own form, columns or tensors; any other is in the journal only. */
function mlflowSignature(signature: unknown): { inputs: string; outputs: string | null; params: null } | undefined {
  if (typeof signature !== 'object' || signature === null || !('inputs' in signature)) return undefined
  const inputs = specs(signature.inputs)
  const outputs = 'outputs' in signature ? specs(signature.outputs) : undefined
  return inputs === undefined ? undefined : { inputs, outputs: outputs ?? null, params: null }
}

function specs(value: unknown): string | undefined {
  if (!Array.isArray(value)) return undefined
  const items: readonly unknown[] = value
  const isSpec = items.every((item) => typeof item === 'object' && item !== null && 'type' in item && typeof item.type === 'string')
  return isSpec && items.length > 0 ? JSON.stringify(items) : undefined
}
