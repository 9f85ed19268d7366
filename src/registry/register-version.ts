import * as z from 'zod'
import type { Backend, MutationOptions } from '../backends/backend.js'
import { isStemmaError, StemmaError } from '../errors/stemma-error.js'
import { checkArtifactPaths } from '../record/artifact-path.js'
import { checkAlias } from '../record/alias.js'
import { nextVersion } from '../record/bump-version.js'
import { MAX_MANIFEST_BYTES, readManifest, rebuiltManifest } from '../record/manifest.js'
import { checkMetadata, checkNumbers, checkTags, EVENT_LIMITS } from '../record/metadata-value.js'
import { checkModelName } from '../record/model-name.js'
import { toReference } from '../record/parse-reference.js'
import { assertNoSecrets } from '../record/secret-scan.js'
import { secretShapeOf } from '../record/secret-shapes.js'
import type { Manifest } from '../schemas/artifact.js'
import { birthSchema, type Birth } from '../schemas/birth.js'
import { datasetSchema } from '../schemas/dataset.js'
import type { Derivation } from '../schemas/derivation.js'
import { digestSchema, type Digest } from '../schemas/digest.js'
import { evaluationSchema } from '../schemas/evaluation.js'
import type { JsonValue } from '../schemas/json-value.js'
import type { ModelVersion } from '../schemas/model-version.js'
import { parse } from '../schemas/parse.js'
import type { CreateVersionRequest } from '../schemas/requests.js'
import { checkMutation } from './check-options.js'
import { beginCall, type RegistryContext } from './context.js'
import { refuseSecretShapes } from './refuse-secret-shapes.js'

/** A version from elsewhere: its blobs are stored, and nothing of what is said about it was checked here. */
export interface RegisterVersionInput extends Omit<CreateVersionRequest, 'manifest' | 'birth'> {
  /** Digest of the manifest's blob. */
  manifest: Digest
  birth: unknown
}

/**
 * Registers a version that another process has put together. Every rule that `logModel` holds is held again: names, versions, aliases,
 * limits, secrets; the manifest is read from its blob, and the versions that it was made from must be there.
 *
 * @throws {StemmaError} as `Registry.logModel`; BLOB_MISSING and DIGEST_MISMATCH for the manifest.
 */
export async function registerVersion(context: RegistryContext, input: RegisterVersionInput, options: MutationOptions = {}): Promise<ModelVersion> {
  const signal = beginCall(context, options.signal)
  const { operationId, actor } = checkMutation(options, 'registerVersion')
  const { backend } = context
  const name = checkModelName(input.name)
  const { version, aliases } = input
  refuseSecretShapes({ name, version: 'exact' in version ? version.exact : undefined, aliases })
  for (const alias of aliases) checkAlias(alias, backend.policy.stages)
  if ('exact' in version) nextVersion([], version)
  const { birth, tags } = checkBirth(input)
  const manifest = await fetchManifest(backend, input.manifest, signal)
  for (const origin of birth.derivedFrom) await assertOrigin(backend, origin, signal)
  return backend.createVersion(
    { name, manifest, birth, version, tags, description: input.description, aliases },
    { signal, operationId, actor: actor ?? context.actor }
  )
}

const evaluationsSchema = z.array(evaluationSchema).max(10_000)
const datasetsSchema = z.array(datasetSchema).max(1_000)

/** The metadata, checked part by part as that of `logModel` is. */
function checkBirth(input: RegisterVersionInput): { birth: Birth; tags: Record<string, string> } {
  // As a whole first: its depth, its size and its keys, those among them that this stemma does not know.
  const birth = parse(birthSchema, checkMetadata(input.birth, 'birth', EVENT_LIMITS), { what: 'birth', code: 'INVALID_METADATA' })
  const { params, metrics, featureImportance, signature = null, training = null, evaluations, datasets, derivedFrom, environment } = birth
  checkMetadata(params, 'params')
  checkNumbers(metrics, 'metrics')
  checkNumbers(featureImportance, 'featureImportance')
  checkMetadata(signature, 'signature')
  parse(evaluationsSchema, checkMetadata(evaluations, 'evaluations'), { what: 'evaluations', code: 'INVALID_METADATA' })
  parse(datasetsSchema, datasets, { what: 'datasets', code: 'INVALID_METADATA' })
  parse(z.array(z.unknown()).max(100), derivedFrom, { what: 'derivedFrom', code: 'INVALID_METADATA' })
  const tags = checkTags(input.tags, 'tags')
  const description = input.description ?? null
  checkMetadata(description, 'description')
  if (environment.state === 'captured') {
    for (const { digest } of environment.files ?? []) parse(digestSchema, digest, { what: 'environment.files', code: 'INVALID_METADATA' })
    checkArtifactPaths((environment.files ?? []).map(({ path }) => path))
  }
  // Fields that this stemma does not know may hold anything, as params may.
  const unknown = Object.fromEntries(Object.entries(birth).filter(([field]) => !Object.hasOwn(birthSchema.shape, field)))
  const texts = { ...unknown, params, metrics, featureImportance, tags, signature, description, evaluations, datasets, training }
  assertNoSecrets(checkMetadata(texts, 'metadata', EVENT_LIMITS), '', input.allowSecretsAt ?? [])
  // What was captured has digests and numbers of builds, which look random: there only the shapes of secrets count.
  refuseShapes(checkMetadata({ ...birth, params: {}, signature: null }, 'birth', EVENT_LIMITS), input.allowSecretsAt ?? [])
  return { birth, tags }
}

function refuseShapes(value: JsonValue, allowed: readonly string[]): void {
  const walk = (item: JsonValue, path: string): void => {
    if (typeof item === 'string') {
      const why = secretShapeOf(item)
      if (why !== undefined && !allowed.includes(path) && !allowed.includes(item)) throw secretAt(path, why)
    } else if (typeof item === 'object' && item !== null) {
      for (const [key, inner] of Object.entries(item)) {
        const why = secretShapeOf(key)
        if (why !== undefined && !allowed.includes(key)) throw secretAt(path === '' ? '<hidden>' : `${path}.<hidden>`, `the key is ${why}`)
        walk(inner, path === '' ? key : `${path}.${key}`)
      }
    }
  }
  walk(value, '')
}

function secretAt(path: string, why: string): StemmaError {
  return new StemmaError('SECRET_IN_METADATA', `${path} looks like a secret: ${why}`, {
    hint: 'Leave it out: what is logged can never be taken back.',
    details: { findings: [{ path, why }] }
  })
}

/** The manifest by its digest. @throws {StemmaError} BLOB_MISSING, DIGEST_MISMATCH, TOO_LARGE, INVALID_PATH, INVALID_INPUT */
async function fetchManifest(backend: Backend, digest: Digest, signal: AbortSignal | undefined): Promise<Manifest> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of backend.openBlob(digest, { signal })) {
    bytes += chunk.byteLength
    if (bytes > MAX_MANIFEST_BYTES) {
      throw new StemmaError('TOO_LARGE', `the manifest ${digest} has more than ${MAX_MANIFEST_BYTES} bytes`, { details: { digest, limit: MAX_MANIFEST_BYTES } })
    }
    chunks.push(Uint8Array.from(chunk))
  }
  const whole = Buffer.concat(chunks)
  return rebuiltManifest(readManifest(whole, digest), whole)
}

/** A version that another was made from is there, with the bytes that are said. One that was deleted meanwhile is as good. */
async function assertOrigin(backend: Backend, { name, version, digest }: Derivation, signal: AbortSignal | undefined): Promise<void> {
  try {
    const found = await backend.resolve(toReference(`${name}@${version}`), { signal })
    if (found.digest === digest && found.version === version) return
    throw new StemmaError('NOT_FOUND', `derivedFrom: ${name}@${version} has the digest ${found.digest}, not ${digest}`, {
      hint: 'Log the version again: its origin is read then.',
      details: { name, version, expected: digest, found: found.digest }
    })
  } catch (error) {
    if (!isStemmaError(error, 'VERSION_DELETED')) throw error
  }
}
