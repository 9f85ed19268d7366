import { isStemmaError, type StemmaError } from '../errors/stemma-error.js'
import { formatReference } from '../record/format-reference.js'
import { toReference } from '../record/parse-reference.js'
import type { ModelVersion } from '../schemas/model-version.js'
import type { Reference, ReferenceInput } from '../schemas/reference.js'
import type { CallOptions } from '../util/options.js'
import { beginCall, type RegistryContext } from './context.js'

/** Wait after a first failure, milliseconds; each further one in a row waits twice as long. */
const FIRST_RETRY_MS = 1_000
/** Longest wait, milliseconds. */
const MAX_RETRY_MS = 30_000

/** Yields the version that a reference means, and again whenever it means another; see `Registry.watch`. */
export async function* watch(
  context: RegistryContext,
  reference: string | ReferenceInput,
  options: CallOptions = {}
): AsyncGenerator<ModelVersion, void, undefined> {
  const signal = beginCall(context, options.signal)
  const parsed = toReference(reference)
  let seen: number | undefined
  let failures = 0
  const isClosed = (): boolean => context.closed.aborted
  while (!isClosed()) {
    try {
      for await (const version of meanings(context, parsed, signal)) {
        failures = 0
        if (version?.sequence === seen) continue
        seen = version?.sequence
        if (version) yield version
      }
      return
    } catch (error) {
      if (signal?.aborted === true) throw error
      if (isClosed()) return
      if (!isStemmaError(error) || !error.retryable) throw error
      await pause(context, parsed, { error, delayMs: Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures) }, signal)
      failures += 1
    }
  }
}

/** What the reference means now, and after every change of its model. Ends when the registry is closed. */
async function* meanings(
  context: RegistryContext,
  reference: Reference,
  signal: AbortSignal | undefined
): AsyncGenerator<ModelVersion | undefined, void, undefined> {
  const changes = context.backend.changes(reference.name, { signal })[Symbol.asyncIterator]()
  try {
    while ((await changes.next()).done !== true) {
      if (context.closed.aborted) return
      yield await resolveIfThere(context, reference, signal)
    }
  } finally {
    await changes.return?.()
  }
}

/** Says what failed and waits, unless the registry is closed meanwhile. */
async function pause(
  { closed, logger, sources }: RegistryContext,
  reference: Reference,
  { error, delayMs }: { error: StemmaError; delayMs: number },
  signal: AbortSignal | undefined
): Promise<void> {
  const { code, message } = error
  logger.warn?.(`watch ${formatReference(reference)}: ${message}; trying again in ${delayMs / 1_000} s`, { code, delayMs })
  try {
    await sources.sleep(delayMs, signal ? AbortSignal.any([signal, closed]) : closed)
  } catch (reason) {
    if (signal?.aborted === true || !closed.aborted) throw reason
  }
}

/** A reference may mean nothing for a while: nothing in production yet, or no longer. */
async function resolveIfThere(context: RegistryContext, reference: Reference, signal: AbortSignal | undefined): Promise<ModelVersion | undefined> {
  try {
    return await context.backend.resolve(reference, { signal })
  } catch (error) {
    if (isStemmaError(error, 'NOT_FOUND', 'VERSION_DELETED')) return undefined
    throw error
  }
}
