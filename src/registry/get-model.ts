import { isAbsolute } from 'node:path'
import * as z from 'zod'
import { cacheLayout } from '../artifacts/cache/cache-layout.js'
import { exportTo } from '../artifacts/export-folder.js'
import type { WantedFile } from '../artifacts/fetched-bytes.js'
import { loadedFiles, type LoadedFiles } from '../artifacts/loaded-files.js'
import { captureAll } from '../capture/capture.js'
import { StemmaError } from '../errors/stemma-error.js'
import { compareEnvironments } from '../record/compare-environments.js'
import { toReference } from '../record/parse-reference.js'
import type { Difference } from '../schemas/comparison.js'
import { digestSchema } from '../schemas/digest.js'
import type { ModelVersion } from '../schemas/model-version.js'
import { parse } from '../schemas/parse.js'
import type { ReferenceInput } from '../schemas/reference.js'
import type { TransferOptions } from '../util/options.js'
import { workingFolder } from '../util/working-folder.js'
import { beginCall, type RegistryContext } from './context.js'
import { resolveOrRecall } from './get-model/resolve-or-recall.js'
import { ownOptions } from './own-options.js'

const optionsSchema = z.object({
  into: z.string().min(1).regex(/^[^\0]*$/, { error: 'a path has no NUL character' }).optional(),
  overwrite: z.boolean().optional(),
  include: z.array(z.string().min(1).max(1_000)).max(100).optional(),
  verify: z.enum(['changed', 'always']).optional(),
  fallback: z.enum(['none', 'last-known-good']).optional(),
  environmentFiles: z.boolean().optional()
})

/** Options of `getModel`. */
export interface GetModelOptions extends TransferOptions {
  /** A folder that shall hold the files. @default the cache's own folder for this version */
  into?: string | undefined
  /** Replace what `into` holds. @default false */
  overwrite?: boolean | undefined
  /** Only artifacts that match one of these globs, for instance `['*.onnx', 'tokenizer/**']`. @default all */
  include?: string[] | undefined
  /**
   * `changed`: re-hash a cached file when its size, times or inode differ from when it was last verified; `always`: re-hash all.
   * @default 'changed'
   */
  verify?: 'changed' | 'always' | undefined
  /**
   * `last-known-good`: when the registry cannot be reached (REGISTRY_UNAVAILABLE, ACCESS_DENIED, IO), serve what this reference last
   * meant on this machine, from the verified cache, with `stale: true`.
   * @default 'none'
   */
  fallback?: 'none' | 'last-known-good' | undefined
  /** Also write package.json, lockfile and the like, as they were when the version was logged, under `.stemma/`; with `into` only. @default false */
  environmentFiles?: boolean | undefined
}

/** A version's files on this machine, every byte verified. */
export interface LoadedModel extends LoadedFiles {
  readonly version: ModelVersion
  /** The folder that holds the files. Read-only when it is the cache's. */
  readonly dir: string
  /** Whether all files were in the cache, or some came from the registry. */
  readonly source: 'cache' | 'registry'
  /** The registry could not be reached; this is what the reference last meant. */
  readonly stale: boolean
  /** Artifacts whose cached file was damaged and was fetched again. */
  readonly healed: readonly string[]
  /** What differs between where the version was made (`a`) and here (`b`). */
  readonly environmentDifferences: readonly Difference[]
}

/** Hands out a version's files; see `Registry.getModel`. */
export async function getModel(context: RegistryContext, reference: string | ReferenceInput, options: GetModelOptions = {}): Promise<LoadedModel> {
  const signal = beginCall(context, options.signal)
  checkOptions(options)
  const parsed = toReference(reference)
  const [{ version, stale }, here] = await Promise.all([
    resolveOrRecall(context, parsed, options.fallback ?? 'none', signal),
    captureAll({ sources: context.sources, code: false, hardware: false, environmentFiles: false, signal })
  ])
  const files = await obtainFiles(context, version, ownOptions({ ...options, signal }, 'getModel options'))
  return {
    version,
    source: files.source,
    stale,
    healed: files.healed,
    environmentDifferences: compareEnvironments(version.environment, here.environment),
    dir: files.dir,
    ...loadedFiles(files.dir, files.paths)
  }
}

function checkOptions(options: GetModelOptions): void {
  const { include, into, environmentFiles } = parse(optionsSchema, options, { what: 'getModel options' })
  if (include?.length === 0) {
    throw new StemmaError('INVALID_INPUT', 'getModel options: include is empty, so that nothing would be loaded', { hint: 'leave it out to load all artifacts' })
  }
  if (environmentFiles === true && into === undefined) {
    throw new StemmaError('INVALID_INPUT', 'getModel options: environmentFiles needs into', { hint: "name a folder: getModel(ref, { into: './model', environmentFiles: true })" })
  }
}

interface ObtainedFiles {
  dir: string
  paths: readonly string[]
  source: 'cache' | 'registry'
  healed: readonly string[]
}

/** The files in the cache, or in the folder that the caller named. */
async function obtainFiles(context: RegistryContext, version: ModelVersion, options: GetModelOptions): Promise<ObtainedFiles> {
  const { signal, onProgress, include } = options
  const origin = {
    fetch: (file: WantedFile, start: number) => context.backend.openBlob(parse(digestSchema, file.digest, { what: file.path }), { start, signal }),
    localPath: (file: WantedFile) => context.backend.localBlobPath(parse(digestSchema, file.digest, { what: file.path }))
  }
  const selection = { artifacts: version.artifacts, digest: version.digest, include, signal, onProgress, ...origin }
  if (options.into === undefined) {
    return context.cache.materialize({
      ...selection,
      verify: options.verify,
      onDamage: ({ path, kind }) => context.logger.warn?.(`the cached ${path} of ${version.name}@${version.version} is ${kind}; fetching it again`, { path, kind })
    })
  }
  const environmentFiles = options.environmentFiles === true && version.environment.state === 'captured' ? version.environment.files : undefined
  const { cache, outbox, backend } = context
  const keep = [cacheLayout(cache.root).base, outbox(), ...(isAbsolute(backend.location) ? [backend.location] : [])]
  const exported = await exportTo(options.into, { ...selection, directory: workingFolder(), overwrite: options.overwrite, keep, environmentFiles })
  return { ...exported, source: 'registry', healed: [] }
}
