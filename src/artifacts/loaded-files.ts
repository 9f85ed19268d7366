import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { StemmaError } from '../errors/stemma-error.js'
import { nodeStoreFs } from '../io/node-store-fs.js'
import type { StoreFs } from '../io/store-fs.js'
import { toStemmaError } from '../io/system-error.js'
import { nearPaths } from '../util/nearest-names.js'
import type { CallOptions } from '../util/options.js'

/** The files of a version that lies on this machine, by logical path. */
export interface LoadedFiles {
  /** Absolute path of an artifact. @throws {StemmaError} NOT_FOUND naming the nearest ones. */
  path(name: string): string
  /** All bytes of an artifact. @throws {StemmaError} NOT_FOUND, TOO_LARGE above 2 GiB, IO */
  read(name: string, options?: CallOptions): Promise<Uint8Array>
  /** The bytes of an artifact, piece by piece. @throws {StemmaError} NOT_FOUND, at once; IO */
  stream(name: string, options?: CallOptions & { start?: number | undefined }): AsyncIterable<Uint8Array>
}

const MAX_READ_BYTES = 2_147_483_647

/**
 * Opens the files of a materialized version by name. Only names of the version are known, so no name leads out of the folder.
 *
 * @param dir - absolute folder that the files lie in.
 * @param paths - logical paths of the files that were asked for.
 */
export function loadedFiles(dir: string, paths: readonly string[], fs: StoreFs = nodeStoreFs): LoadedFiles {
  const known = new Set(paths)
  const pathOf = (name: string): string => {
    if (known.has(name)) return join(dir, name)
    throw unknownArtifact(name, paths)
  }
  return {
    path: pathOf,
    read: async (name, options = {}) => {
      options.signal?.throwIfAborted()
      const path = pathOf(name)
      const sizeBytes = lstatSync(path, { throwIfNoEntry: false })?.size ?? 0
      if (sizeBytes > MAX_READ_BYTES) {
        throw new StemmaError('TOO_LARGE', `${name} has ${sizeBytes} bytes, more than fit in memory at once`, {
          hint: 'Use stream(name), or path(name) and open the file.',
          details: { path: name, sizeBytes, limit: MAX_READ_BYTES }
        })
      }
      const bytes = await systemErrorsOf(name, fs.readFile(path))
      options.signal?.throwIfAborted()
      if (bytes !== undefined) return bytes
      throw new StemmaError('IO', `${name} is no longer at ${path}`, {
        hint: 'The folder was removed or the cache pruned since the model was loaded; load it again.',
        details: { path: name, file: path }
      })
    },
    stream: (name, options = {}) => fs.openRead(pathOf(name), { start: options.start, signal: options.signal })
  }
}

async function systemErrorsOf<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw toStemmaError(error, `cannot read ${name}`)
  }
}

function unknownArtifact(name: string, paths: readonly string[]): StemmaError {
  const nearest = nearPaths(name, paths, 5)
  const shown = nearest.length > 0 ? nearest : paths.slice(0, 5)
  const others = shown.length === paths.length ? 'there are' : `there are ${paths.length}, for instance`
  const all = nearest.length > 0 && nearest.length < paths.length ? 'the nearest are' : others
  return new StemmaError('NOT_FOUND', `no artifact ${JSON.stringify(name)} was loaded; ${all} ${shown.join(', ')}`, {
    hint: 'Use the path that the artifact was logged under; with include, only what matches is loaded.',
    details: { path: name, paths: shown }
  })
}
