import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { describe, expect, it } from 'vitest'
import { StemmaError } from '../../src/errors/stemma-error.js'
import { packError, unpackError } from '../../src/io/packed-error.js'
import { systemErrorCode, toStemmaError } from '../../src/io/system-error.js'

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something, write '/store/x'`), { code, errno: -5, syscall: 'write', path: '/store/x' })
}

describe('toStemmaError', () => {
  it.each([
    ['ENOSPC', 'NO_SPACE'],
    ['EDQUOT', 'NO_SPACE'],
    ['EROFS', 'READ_ONLY'],
    ['EACCES', 'ACCESS_DENIED'],
    ['EPERM', 'ACCESS_DENIED'],
    ['EIO', 'IO'],
    ['EMFILE', 'IO'],
    ['ESTALE', 'IO']
  ])('%s means %s', (systemCode, code) => {
    const cause = systemError(systemCode)
    const error = toStemmaError(cause, 'cannot store model.bin')
    expect(error).toBeInstanceOf(StemmaError)
    expect(error).toMatchObject({ code, cause, details: { systemCode, path: '/store/x' } })
    expect(String(error)).toMatch(new RegExp(`cannot store model.bin: .* \\(${systemCode}\\) at /store/x`))
    expect(error).toHaveProperty('hint', expect.stringMatching(/\.$/))
  })

  it.each(['EDQUOT', 'ESTALE'] as const)('knows %s by its number, for Node has no name for it', (name) => {
    const number = -constants.errno[name]
    const error = Object.assign(new Error('unknown'), { code: `Unknown system error ${number}`, errno: number, syscall: 'link' })
    expect(systemErrorCode(error)).toBe(name)
  })

  it('names the limit when too many files are open', () => {
    expect(toStemmaError(systemError('EMFILE'), 'cannot open a')).toHaveProperty('hint', expect.stringContaining('ulimit -n'))
  })

  it('passes on what the system did not report', () => {
    const reason = new DOMException('stop', 'AbortError')
    for (const error of [new StemmaError('CONFLICT', 'x'), reason, new TypeError('x'), 'x', undefined]) {
      expect(toStemmaError(error, 'cannot')).toBe(error)
      expect(systemErrorCode(error)).toBeUndefined()
    }
  })

  it('knows the errors that Node throws', () => {
    try {
      readFileSync('/no/such/file')
    } catch (error) {
      expect(systemErrorCode(error)).toBe('ENOENT')
    }
    expect.assertions(1)
  })
})

describe('packError and unpackError', () => {
  it('keep what programs decide on, over a structured clone', () => {
    const original = new StemmaError('SOURCE_UNREADABLE', 'a cannot be read', { hint: 'Check.', details: { path: 'a' }, cause: systemError('EACCES') })
    const copy = unpackError(structuredClone(packError(original)))
    expect(copy).toBeInstanceOf(StemmaError)
    expect(copy).toMatchObject(original.toJSON())
    expect(systemErrorCode(copy.cause)).toBe('EACCES')
    const full = unpackError(structuredClone(packError(systemError('ENOSPC'))))
    expect(toStemmaError(full, 'cannot')).toMatchObject({ code: 'NO_SPACE', details: { path: '/store/x' } })
    expect(unpackError(structuredClone(packError(new TypeError('odd')))).message).toBe('odd')
    expect(unpackError(structuredClone(packError('text'))).message).toBe('text')
  })
})
