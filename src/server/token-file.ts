import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isStemmaError, StemmaError } from '../errors/stemma-error.js'
import { systemErrorCode, toStemmaError } from '../io/system-error.js'
import type { Logger } from '../registry/context.js'
import { readTokenFile } from './token-source.js'
import type { TokenRecord } from './tokens.js'

/**
 * Adds a record to a file of tokens, which is made when there is none, for its owner alone to read and write. A server that reads it
 * sees the old one or the new one.
 *
 * @throws {StemmaError} ALREADY_EXISTS for a name that the file has; CONFLICT while somebody else writes it; INVALID_INPUT where there is no
 * folder for it; what reading it throws.
 */
export async function addToTokenFile(path: string, record: TokenRecord, logger: Logger): Promise<void> {
  await changeTokenFile(path, async () => {
    const records = await readIfThere(path, logger)
    if (records.some(({ name }) => name === record.name)) {
      throw new StemmaError('ALREADY_EXISTS', `the token file ${path} has a token called ${record.name}`, {
        hint: `Choose another name, or take the old one away: stemma token remove --name ${record.name} --tokens ${path}`,
        details: { path, name: record.name }
      })
    }
    return [...records, record]
  })
}

/**
 * Takes the record of a token out of a file of tokens: the token is good no longer, from the next request to a server that reads the file.
 *
 * @throws {StemmaError} NOT_FOUND for a name that the file does not have; CONFLICT while somebody else writes it; what reading it throws.
 */
export async function removeFromTokenFile(path: string, name: string, logger: Logger): Promise<void> {
  await changeTokenFile(path, async () => {
    const { records } = await readTokenFile(path, logger)
    const rest = records.filter((record) => record.name !== name)
    if (rest.length < records.length) return rest
    throw new StemmaError('NOT_FOUND', `the token file ${path} has no token called ${JSON.stringify(name)}`, {
      hint: `See what it has: stemma token list --tokens ${path}`,
      details: { path, name }
    })
  })
}

/** Writes the file anew, beside it, and puts the new one in its place. */
async function changeTokenFile(path: string, change: () => Promise<readonly TokenRecord[]>): Promise<void> {
  const next = `${path}.new`
  const file = await openNew(next)
  try {
    // From here on nobody else writes it, so that nothing of theirs gets lost.
    await file.writeFile(`${JSON.stringify(await change(), undefined, 2)}\n`)
    await file.sync()
    await rename(next, path)
  } catch (error) {
    await rm(next, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      const folder = dirname(path)
      throw new StemmaError('INVALID_INPUT', `there is no folder ${folder} for the token file`, { hint: `Make it: mkdir -p ${folder}`, details: { path: folder }, cause: error })
    }
    if (code !== 'EEXIST') throw toStemmaError(error, 'cannot write the token file', path)
    throw new StemmaError('CONFLICT', `${path} is there: somebody else writes the token file, or was interrupted`, {
      hint: `Try again. When nobody does, remove ${path}.`,
      details: { path }
    })
  }
}

async function readIfThere(path: string, logger: Logger): Promise<readonly TokenRecord[]> {
  try {
    return (await readTokenFile(path, logger)).records
  } catch (error) {
    if (isStemmaError(error, 'SOURCE_UNREADABLE') && systemErrorCode(error.cause) === 'ENOENT') return []
    throw error
  }
}
