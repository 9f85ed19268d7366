import { join, resolve } from 'node:path'
import { findProjectRoot } from '../capture/project-root.js'
import { workingFolder } from '../util/working-folder.js'

/** Where queued models wait: `STEMMA_OUTBOX`, else `.stemma-outbox` in the project's root. Not the cache, which may be emptied at any time. */
export function defaultOutbox(): string {
  return resolve(process.env['STEMMA_OUTBOX'] || join(findProjectRoot(workingFolder()), '.stemma-outbox'))
}

/**
 * The registry that root functions use when no other is named: `STEMMA_REGISTRY`, else `.stemma` in the project's root, which is the
 * nearest folder above with a package.json or a .git, else the working folder.
 */
export function defaultTarget(): string {
  const fromEnvironment = process.env['STEMMA_REGISTRY']
  return fromEnvironment === undefined || fromEnvironment === '' ? join(findProjectRoot(workingFolder()), '.stemma') : fromEnvironment
}
