import { join } from 'node:path'
import { StemmaError } from '../../errors/stemma-error.js'
import type { StoreFs } from '../../io/store-fs.js'
import { systemErrorCode, toStemmaError } from '../../io/system-error.js'

/** By what an open store is known again. */
export interface StoreMark {
  /** Absolute path of the store's folder. */
  root: string
  fs: StoreFs
  /** `id` of its `store.json`; what has none is not checked. */
  id?: string | undefined
}

/** What to do about a registry that is not where it was looked for. */
export const CHECK_MOUNT = 'Check the path and whether the file system is mounted'

/**
 * Checks that the store lies where it was opened. Done before something counts as absent: a folder that was moved away, or whose
 * file system is not mounted, must look neither like an empty registry nor like one that was tampered with.
 *
 * @param folder the one of the store that was looked into, for instance `models`.
 * @throws {StemmaError} REGISTRY_UNAVAILABLE, ACCESS_DENIED.
 */
export async function assertPresent({ root, fs, id }: StoreMark, folder: string): Promise<void> {
  if (id === undefined) return
  let why: string | undefined
  let cause: unknown
  try {
    const bytes = await fs.readFile(join(root, 'store.json'))
    if (bytes === undefined) why = 'its store.json is not there'
    else if (!Buffer.from(bytes).includes(JSON.stringify(id))) why = 'another one is in its place'
    else if (!fs.exists(join(root, folder))) why = `its folder ${folder} is not there`
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined || code === 'EACCES' || code === 'EPERM') throw toStemmaError(error, `cannot look at the registry in ${root}`)
    why = `its store.json cannot be read (${code})`
    cause = error
  }
  if (why === undefined) return
  throw new StemmaError('REGISTRY_UNAVAILABLE', `the registry in ${root} is gone: ${why}`, {
    hint: `${CHECK_MOUNT}.`,
    details: { root },
    cause
  })
}

/**
 * The error that a failed step of the store means: REGISTRY_UNAVAILABLE when a part of its path was missing because the store is
 * gone, else as {@link toStemmaError}. Throw what is returned.
 */
export async function failureOf(error: unknown, what: string, store: StoreMark, folder: string, path?: string): Promise<unknown> {
  if (systemErrorCode(error) !== 'ENOENT') return toStemmaError(error, what, path)
  try {
    await assertPresent(store, folder)
  } catch (gone) {
    return gone
  }
  return toStemmaError(error, what, path)
}
