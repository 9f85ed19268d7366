import { constants } from 'node:os'
import { types } from 'node:util'
import { StemmaError, isStemmaError } from '../errors/stemma-error.js'
import type { ErrorCode } from '../errors/codes.js'

/**
 * The code of an error of the operating system (`ENOENT`, `ENOSPC` …), `undefined` for any other value.
 *
 * @example
 * ```ts
 * if (systemErrorCode(error) === 'ENOENT') return undefined
 * ```
 */
export function systemErrorCode(error: unknown): string | undefined {
  // Not instanceof: in a test file of Jest, the errors of Node's own modules come from another realm.
  if (!types.isNativeError(error) || isStemmaError(error) || !('code' in error) || !('syscall' in error)) return undefined
  if (typeof error.code !== 'string') return undefined
  const number = 'errno' in error && typeof error.errno === 'number' ? Math.abs(error.errno) : undefined
  return error.code.startsWith('Unknown system error') ? (UNKNOWN_TO_LIBUV.get(number) ?? error.code) : error.code
}

/** Node has no names for these numbers, though a full quota and a lost network file system are what a store must tell apart. */
const UNKNOWN_TO_LIBUV: ReadonlyMap<number | undefined, string> = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => name === 'EDQUOT' || name === 'ESTALE')
    .map(([name, number]) => [number, name])
)

interface Meaning {
  code: ErrorCode
  says: string
  hint: string
}

const FULL: Meaning = { code: 'NO_SPACE', says: 'the disk or the quota is full', hint: 'Free some space, or raise the quota, and try again.' }
const DENIED: Meaning = { code: 'ACCESS_DENIED', says: 'access is denied', hint: 'Check who owns the file or folder, and its permissions.' }
const TOO_MANY: Meaning = {
  code: 'IO',
  says: 'too many files are open',
  hint: 'Raise the limit of open files (ulimit -n), or close some files, and try again.'
}

const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ['ENOSPC', FULL],
  ['EDQUOT', FULL],
  ['EROFS', { code: 'READ_ONLY', says: 'the file system is read-only', hint: 'Use a store on a file system that is mounted writable.' }],
  ['EACCES', DENIED],
  ['EPERM', DENIED],
  ['EMFILE', TOO_MANY],
  ['ENFILE', TOO_MANY],
  ['EIO', { code: 'IO', says: 'the disk reported an input or output error', hint: 'Check the disk and the system log before trying again.' }],
  ['ENOENT', { code: 'IO', says: 'a file or folder is missing', hint: 'Check that the folder exists and that nothing else removes files in it.' }],
  ['ENOTDIR', { code: 'IO', says: 'a part of the path is not a folder', hint: 'Check the path.' }],
  ['EFBIG', { code: 'IO', says: 'the file is larger than the file system or the limit of the process allows', hint: 'Check ulimit -f.' }]
])

/**
 * The StemmaError that an error of the operating system means: NO_SPACE (`ENOSPC`, `EDQUOT`), READ_ONLY (`EROFS`), ACCESS_DENIED
 * (`EACCES`, `EPERM`), IO (all other codes). The original stays as `cause`. What does not come from the operating system (a
 * StemmaError, the reason of an abort, a fault of a program) is passed through: throw what is returned.
 *
 * @param what the work that failed, as the beginning of a sentence: `cannot store model.bin`.
 * @param path the file or folder concerned; the error's own path when absent.
 * @example
 * ```ts
 * try { … } catch (error) { throw toStemmaError(error, 'cannot store model.bin', target) }
 * ```
 */
export function toStemmaError(error: unknown, what: string, path?: string): unknown {
  const code = systemErrorCode(error)
  if (code === undefined) return error
  const meaning = MEANINGS.get(code) ?? { code: 'IO', says: 'the operating system reported an error', hint: 'See the cause for details.' }
  const where = path ?? pathOf(error)
  return new StemmaError(meaning.code, `${what}: ${meaning.says} (${code})${where === undefined ? '' : ` at ${where}`}`, {
    hint: meaning.hint,
    details: { systemCode: code, path: where },
    cause: error
  })
}

function pathOf(error: unknown): string | undefined {
  return types.isNativeError(error) && 'path' in error && typeof error.path === 'string' ? error.path : undefined
}
