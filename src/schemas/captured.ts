import * as z from 'zod'
import { openObject } from './open-object.js'

/** A part that could not be captured, or was switched off, and why. */
export const unavailableSchema = openObject({ state: z.literal('unavailable'), reason: z.string() })
/** A part that could not be captured, or was switched off, and why. */
export interface Unavailable extends z.infer<typeof unavailableSchema> {}

/** The code that made a version, from git or from the variables of a CI system. */
export const codeSchema = openObject({
  state: z.literal('captured'),
  /** `git`: asked git itself; `ci`: git was not there, a CI system's variables were. */
  source: z.enum(['git', 'ci']),
  /** Full hash; absent in a repository without a commit. */
  commit: z.string().optional(),
  /** Absent when HEAD is detached. */
  branch: z.string().optional(),
  /** A tag that points at the commit. */
  tag: z.string().optional(),
  /** Without user, password, query and fragment; `sha256:<first 16 hex digits>` of it when it cannot be read as an address. */
  remote: z.string().optional(),
  /** Whether anything tracked differs from the commit or untracked files are there. Absent when only CI variables were there. */
  dirty: z.boolean().optional(),
  /** Files that differ, by kind. */
  changes: openObject({ staged: z.int(), modified: z.int(), untracked: z.int(), conflicted: z.int() }).optional(),
  /** `sha256:<hex>` of the uncommitted difference, so that two dirty trees can be told apart. Absent when clean. */
  diffDigest: z.string().optional(),
  /** Why there is no digest although the tree is dirty: too many files or bytes differ. */
  diffUnavailable: z.string().optional(),
  /** A shallow clone: ancestors of the commit are not there. */
  shallow: z.boolean().optional(),
  /** Path of the program from the root of the repository. */
  entryPoint: z.string().optional(),
  /** Why git itself could not be asked, or not all; what is known then comes from files or the CI system, without `dirty`. */
  gitUnavailable: z.string().optional()
})
/** The code that made a version. */
export interface Code extends z.infer<typeof codeSchema> {}

/** A file that fixes the environment (package.json, lockfile, requirements.txt, conda.yaml); stored as a blob, not an artifact. */
export const environmentFileSchema = openObject({
  path: z.string(),
  sizeBytes: z.int().nonnegative(),
  digest: z.string()
})
/** A file that fixes the environment. */
export interface EnvironmentFile extends z.infer<typeof environmentFileSchema> {}

/** The software that a version was made with. From an allow-list; never the process's whole environment. */
export const environmentSchema = openObject({
  state: z.literal('captured'),
  /**
   * `sha256:<hex>` of the canonical form of runtime, os, container, lockfile, dependencies and variables: two equal
   * environments share it, whoever uses them, started by whichever package manager, and in whichever CI run.
   */
  digest: z.string(),
  runtime: openObject({ name: z.string(), version: z.string(), abi: z.string().optional(), v8: z.string().optional() }),
  packageManager: openObject({ name: z.string(), version: z.string().optional() }).optional(),
  os: openObject({
    platform: z.string(),
    release: z.string(),
    arch: z.string(),
    distribution: z.string().optional(),
    libc: z.string().optional()
  }),
  /** `docker`, `podman`, `kubernetes` …; absent outside a container. */
  container: z.string().optional(),
  lockfile: openObject({ path: z.string(), digest: z.string() }).optional(),
  /** Direct dependencies of the project, name to the version that is installed. */
  dependencies: z.record(z.string(), z.string()).optional(),
  ci: openObject({ provider: z.string(), runId: z.string().optional(), runUrl: z.string().optional() }).optional(),
  /** Allow-listed variables that change results, for instance CUDA_VISIBLE_DEVICES. */
  variables: z.record(z.string(), z.string()).optional(),
  files: z.array(environmentFileSchema).optional(),
  /** Files that were not stored, and why: they look as if they held a secret, or are too large. */
  filesOmitted: z.array(openObject({ path: z.string(), reason: z.string() })).optional(),
  /** Only when asked for. */
  user: z.string().optional(),
  /** Only when asked for. */
  host: z.string().optional()
})
/** The software that a version was made with. */
export interface Environment extends z.infer<typeof environmentSchema> {}

/** One graphics processor. */
export const gpuSchema = openObject({
  vendor: z.string(),
  name: z.string(),
  memoryBytes: z.int().nonnegative().optional(),
  driverVersion: z.string().optional(),
  uuid: z.string().optional()
})

/** The machine that a version was made on. */
export const hardwareSchema = openObject({
  state: z.literal('captured'),
  cpu: openObject({ model: z.string(), logicalCores: z.int().nonnegative() }),
  memoryBytes: z.int().nonnegative(),
  /** Limits of the control group, where there are any. */
  limits: openObject({ cpus: z.number().optional(), memoryBytes: z.int().optional() }).optional(),
  /** Empty when none was found. */
  gpus: z.array(gpuSchema),
  cudaVersion: z.string().optional(),
  /** Why graphics processors could not be asked, when a driver is there but its tool is not or fails. */
  gpuUnavailable: z.string().optional()
})
/** The machine that a version was made on. */
export interface Hardware extends z.infer<typeof hardwareSchema> {}

/** What captures itself when a version is logged. */
export const capturedSchema = openObject({
  code: z.discriminatedUnion('state', [codeSchema, unavailableSchema]),
  environment: z.discriminatedUnion('state', [environmentSchema, unavailableSchema]),
  hardware: z.discriminatedUnion('state', [hardwareSchema, unavailableSchema])
})
/** What captures itself when a version is logged. */
export interface Captured extends z.infer<typeof capturedSchema> {}
