import type { Manifest } from './artifact.js'
import type { Birth } from './birth.js'
import type { ApprovalInput } from './model-version.js'
import type { Reference } from './reference.js'

/** A version to be registered; all its blobs, the manifest among them, are stored already. */
export interface CreateVersionRequest {
  name: string
  manifest: Manifest
  birth: Birth
  /** An exact semver, or how to raise the highest one there is. */
  version: { exact: string } | { bump: 'major' | 'minor' | 'patch' | 'prerelease' }
  tags: Record<string, string>
  description?: string | undefined
  aliases: string[]
  /** What the caller vouches for, as in `logModel`: a registry elsewhere scans for secrets again. Not stored. */
  allowSecretsAt?: string[] | undefined
}

/** A move of one version to a stage. */
export interface TransitionRequest {
  reference: Reference
  stage: string
  /** Only for moves to or from `production`. Absent: `default` on the way in, all on the way out. */
  audience?: string | undefined
  reason?: string | undefined
  /** The version that must be live for the audience now, or `null` for none. Absent: not checked. */
  expectedCurrent?: string | null | undefined
}

/** A way back to a version that was live before. */
export interface RollbackRequest {
  name: string
  audience: string
  /** Absent: the one that was live before the current one. */
  to?: Reference | undefined
  reason?: string | undefined
  expectedCurrent?: string | null | undefined
}

/** A change of living metadata; see `Registry.updateMetadata`. */
export interface UpdateRequest {
  reference: Reference
  tags?: Record<string, string | null> | undefined
  description?: string | null | undefined
  metrics?: Record<string, number> | undefined
  aliases?: string[] | undefined
  removeAliases?: string[] | undefined
  approval?: ApprovalInput | undefined
  reason?: string | undefined
}

/** A tombstone for a version. */
export interface DeleteRequest {
  reference: Reference
  reason: string
}
