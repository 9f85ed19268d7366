import { readFile, stat } from 'node:fs/promises'
import { types } from 'node:util'
import { isStemmaError, StemmaError } from '../errors/stemma-error.js'
import { systemErrorCode } from '../io/system-error.js'
import { parseJsonStrictly } from '../record/parse-json.js'
import type { Logger } from '../registry/context.js'
import type { TokenSource } from './admit.js'
import { refusal } from './refusal.js'
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

/** What is wrong with the file, from the moment in which that was seen. */
interface Fault {
  readonly mark: string | undefined
  readonly message: string
  /** Whether what the file says is wrong, so that reading it again tells nothing new. */
  readonly isLasting: boolean
}

/** Looks at the file for each request, which costs microseconds, so that a token that is taken out of it is good no longer. */
async function openTokenFile(path: string, logger: Logger): Promise<TokenSource> {
  let known = await readTokenFile(path, logger)
  let fault: Fault | undefined
  let reading: Promise<void> | undefined
  warnOfNone(known.records, path, logger)

  const follow = (read: TokenFile): void => {
    known = read
    const count = `${read.records.length}`
    if (fault) logger.warn?.(`the tokens of ${path} can be read again: ${count}`, { path })
    else logger.info?.(`tokens were read again from ${path}: ${count}`, { path })
    fault = undefined
    warnOfNone(read.records, path, logger)
  }
  const refresh = async (mark: string): Promise<void> => {
    if (fault?.isLasting === true && fault.mark === mark) throw unreadable()
    if (mark === known.mark && fault === undefined) return
    // Whatever the file says in the moment it is replaced, one read at a time follows it.
    reading ??= readTokenFile(path, logger)
      .then(follow, (error: unknown) => {
        note(error, mark)
        throw unreadable()
      })
      .finally(() => {
        reading = undefined
      })
    await reading
  }
  /** A file that cannot be read lets nobody in, for it may be about to take somebody's token away; its operator hears of it once. */
  const note = (error: unknown, mark: string | undefined): void => {
    const message = types.isNativeError(error) ? error.message : String(error)
    const isNew = fault?.mark !== mark || fault?.message !== message
    fault = { mark, message, isLasting: isStemmaError(error) && error.code !== 'SOURCE_UNREADABLE' }
    if (isNew) logger.error?.(`nobody is let in while the tokens cannot be read: ${message}`, { path, code: isStemmaError(error) ? error.code : systemErrorCode(error) })
  }
  return async () => {
    const mark = await markOf(path).catch((error: unknown) => {
      note(error, undefined)
      throw unreadable()
    })
    await refresh(mark)
    return known.records
  }
}

function unreadable(): StemmaError {
  return refusal('REGISTRY_UNAVAILABLE', 'the server cannot read its tokens now', { headers: { 'retry-after': '1' } }, { hint: 'Its log says why.' })
}

function warnOfNone(records: readonly TokenRecord[], path: string, logger: Logger): void {
  if (records.length === 0) logger.warn?.(`the token file ${path} has no tokens, so that nobody can come in`, { path })
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
  return { records: checkRecords(parseJsonStrictly(await bytesOf(path), what), what), mark }
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw cannotRead(path, error)
  }
}

/** What changes with the file. */
async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return `${ino}:${size}:${mtimeNs}:${ctimeNs}`
  } catch (error) {
    throw cannotRead(path, error)
  }
}

function cannotRead(path: string, cause: unknown): StemmaError {
  const code = systemErrorCode(cause)
  const hint = code === 'ENOENT' ? `Make it: stemma token create --name ci --scope write --tokens ${path}` : 'Check the path, who owns the file, and its permissions.'
  return new StemmaError('SOURCE_UNREADABLE', `the token file ${path} cannot be read: ${code ?? 'it fails'}`, { hint, details: { path }, cause })
}
