import { open, rename, rm } from 'node:fs/promises'
import { isStemmaError, StemmaError } from '../errors/stemma-error.js'
import { systemErrorCode } from '../io/system-error.js'
import type { Logger } from '../registry/context.js'
import { readTokenFile } from './token-source.js'
import type { TokenRecord } from './tokens.js'

/**
 * Adds a record to a file of tokens, which is made when there is none, for its owner alone to read and write. A server that reads it
 * sees the old one or the new one.
 *
 * @throws {StemmaError} ALREADY_EXISTS for a name that the file has; CONFLICT while somebody else writes it; what reading it throws.
 */
export async function addToTokenFile(path: string, record: TokenRecord, logger: Logger): Promise<void> {
  const next = `${path}.new`
  const file = await openNew(next)
  try {
    // From here on nobody else writes it, so that nothing of theirs gets lost.
    const records = await readIfThere(path, logger)
    if (records.some(({ name }) => name === record.name)) {
      throw new StemmaError('ALREADY_EXISTS', `the token file ${path} has a token called ${record.name}`, {
        hint: 'Choose another name, or take the old one out of the file: it is good no longer then.',
        details: { path, name: record.name }
      })
    }
    await file.writeFile(`${JSON.stringify([...records, record], undefined, 2)}\n`)
    await file.sync()
    await rename(next, path)
  } catch (error) {
    await rm(next, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

async function openNew(path: string) {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code !== 'EEXIST') throw new StemmaError('ACCESS_DENIED', `${path} cannot be written: ${code ?? 'it fails'}`, { details: { path }, cause: error })
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
