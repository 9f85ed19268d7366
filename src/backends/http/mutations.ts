import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import { sha256Hex } from '../../util/sha256.js'
import { formatReference } from '../../record/format-reference.js'
import { manifestDigest } from '../../record/manifest.js'
import type { ModelVersion } from '../../schemas/model-version.js'
import type { Reference } from '../../schemas/reference.js'
import type { CreateVersionRequest, DeleteRequest, RollbackRequest, TransitionRequest, UpdateRequest } from '../../schemas/requests.js'
import { newId } from '../../util/new-id.js'
import { HEADERS } from '../../wire/headers.js'
import type { WireVersion } from '../../wire/messages.js'
import { ROUTES } from '../../wire/routes.js'
import type { MutationOptions } from '../backend.js'
import type { HttpContext } from './http-context.js'
import { runLong, type LongOptions } from './run-long.js'

type MutationRoute = typeof ROUTES.createVersion | typeof ROUTES.transition | typeof ROUTES.metadata | typeof ROUTES.deletion

/** See `Backend.createVersion`. */
export function createVersion(context: HttpContext, { manifest, ...request }: CreateVersionRequest, options: MutationOptions, signal: AbortSignal): Promise<ModelVersion> {
  const digest = manifestDigest(manifest)
  context.versions.know(digest, manifest)
  return mutate(context, ROUTES.createVersion, { ...request, manifest: digest }, options, signal)
}

/** See `Backend.transition`. */
export function transition(context: HttpContext, request: TransitionRequest, options: MutationOptions, signal: AbortSignal): Promise<ModelVersion> {
  return mutate(context, ROUTES.transition, { ...request, reference: formatReference(request.reference) }, options, signal)
}

/** See `Backend.updateMetadata`. */
export function updateMetadata(context: HttpContext, request: UpdateRequest, options: MutationOptions, signal: AbortSignal): Promise<ModelVersion> {
  return mutate(context, ROUTES.metadata, { ...request, reference: formatReference(request.reference) }, options, signal)
}

/** See `Backend.deleteVersion`. */
export function deleteVersion(context: HttpContext, request: DeleteRequest, options: MutationOptions, signal: AbortSignal): Promise<ModelVersion> {
  return mutate(context, ROUTES.deletion, { ...request, reference: formatReference(request.reference) }, options, signal)
}

/** See `Backend.rollback`: reads the bytes of the version again, and tells how far it is. */
export async function rollback(context: HttpContext, request: RollbackRequest, options: MutationOptions & LongOptions, signal: AbortSignal): Promise<ModelVersion> {
  const { headers, details } = operation(context, options)
  const body = { ...request, to: request.to && selectorText(request.to), actor: options.actor }
  const version = await runLong(context, ROUTES.rollback, { body, headers, signal, details }, options)
  return completed(context, version, details, signal)
}

async function mutate(context: HttpContext, route: MutationRoute, body: object, options: MutationOptions, signal: AbortSignal): Promise<ModelVersion> {
  const { headers, details } = operation(context, options)
  const version: WireVersion = await context.transport.json(route, { body: { ...body, actor: options.actor }, headers, details, signal })
  return completed(context, version, details, signal)
}

/** The change is made: that the artifacts of a large version cannot be read now must not look as if it were not. */
async function completed({ versions }: HttpContext, version: WireVersion, details: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ModelVersion> {
  try {
    return await versions.complete(version, { signal })
  } catch (error) {
    if (signal.aborted || !isStemmaError(error)) throw error
    throw new StemmaError('COMMIT_UNKNOWN', `the change was made, but ${version.name}@${version.version} cannot be read now: ${error.message}`, {
      hint: 'Make the same call again with the operationId of the details: it answers with the result of this one.',
      details: { ...error.details, ...details }
    })
  }
}

/** The key by which the registry knows a change that it is asked for twice. */
function operation({ sources }: HttpContext, { operationId = newId(sources) }: MutationOptions): { headers: Record<string, string>; details: Record<string, string> } {
  return { headers: { [HEADERS.idempotencyKey]: headerText(operationId) }, details: { operationId } }
}

/** Headers have visible ASCII only; any other key goes as its digest, which is as good a key. */
function headerText(operationId: string): string {
  return /^[\x21-\x7e]{1,256}$/.test(operationId) ? operationId : `sha256:${sha256Hex(operationId)}`
}

/** What follows the name in a reference: `1.0.1`, `#3`, a digest. */
function selectorText(reference: Reference): string {
  return formatReference(reference).slice(reference.name.length).replace(/^@/, '')
}
