import { readFile, stat } from 'node:fs/promises'
import { StemmaError } from '../errors/stemma-error.js'
import { systemErrorCode } from '../io/system-error.js'
import { parseJsonStrictly } from '../record/parse-json.js'
import type { Logger } from '../registry/context.js'
import type { TokenSource } from './admit.js'
import { checkRecords, type TokenRecord } from './tokens.js'

const MAX_FILE_BYTES = 4_194_304

/**
 * The tokens of a server: a list as it is, or those of a file as it is now.
 *
 * @throws {StemmaError} INVALID_INPUT, SOURCE_UNREADABLE, ACCESS_DENIED for a file that others may write to.
 */
export async function openTokens(tokens: readonly TokenRecord[] | string | undefined, logger: Logger): Promise<TokenSource> {
  if (tokens === undefined) return () => Promise.resolve(undefined)
  if (typeof tokens === 'string') return openTokenFile(tokens, logger)
  const records = checkRecords(tokens, 'tokens')
  if (records.length === 0) throw new StemmaError('INVALID_INPUT', 'tokens: the list is empty, so that nobody could come in', { hint: 'Make one by createToken(), or leave tokens out.' })
  return () => Promise.resolve(records)
}

/** Looks at the file for each request, which costs microseconds, so that a token that is taken out of it is good no longer. */
async function openTokenFile(path: string, logger: Logger): Promise<TokenSource> {
  let known = await readTokenFile(path, logger)
  let reading: Promise<void> | undefined
  const refresh = async (): Promise<void> => {
    const mark = await markOf(path)
    if (mark !== known.mark) {
      // Whatever the file says in the moment it is replaced, one read at a time follows it.
      reading ??= readTokenFile(path, logger)
        .then((read) => {
          known = read
          logger.info?.(`tokens were read again from ${path}: ${read.records.length}`)
        })
        .finally(() => {
          reading = undefined
        })
      await reading
    }
  }
  return async () => {
    try {
      await refresh()
    } catch (error) {
      // A file that cannot be read lets nobody in: it may be about to take somebody's token away.
      logger.error?.(`the tokens of ${path} cannot be read`, { path, error })
      throw new StemmaError('REGISTRY_UNAVAILABLE', 'the server cannot read its tokens now', { hint: 'Its log says why.' })
    }
    return known.records
  }
}

interface TokenFile {
  records: readonly TokenRecord[]
  mark: string
}

/** The records of a token file, checked. @throws {StemmaError} SOURCE_UNREADABLE, ACCESS_DENIED, INVALID_INPUT */
export async function readTokenFile(path: string, logger: Logger): Promise<TokenFile> {
  const mark = await markOf(path)
  const { mode, size } = await stat(path)
  if (process.platform !== 'win32' && (mode & 0o022) !== 0) {
    throw new StemmaError('ACCESS_DENIED', `the token file ${path} can be written to by others on this machine`, { hint: `chmod 600 ${path}`, details: { path } })
  }
  if (process.platform !== 'win32' && (mode & 0o044) !== 0) logger.warn?.(`the token file ${path} can be read by others on this machine; chmod 600 ${path}`, { path })
  if (size > MAX_FILE_BYTES) throw new StemmaError('TOO_LARGE', `the token file ${path} has more than ${MAX_FILE_BYTES} bytes`, { details: { path } })
  const what = `token file ${path}`
  return { records: checkRecords(parseJsonStrictly(await readFile(path), what), what), mark }
}

/** What changes with the file. */
async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return `${ino}:${size}:${mtimeNs}:${ctimeNs}`
  } catch (error) {
    throw new StemmaError('SOURCE_UNREADABLE', `the token file ${path} cannot be read: ${systemErrorCode(error) ?? 'it fails'}`, {
      hint: 'Make it by stemma token create --tokens <file>.',
      details: { path },
      cause: error
    })
  }
}
