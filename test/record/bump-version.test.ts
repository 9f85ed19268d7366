import fc from 'fast-check'
import semver from 'semver'
import { describe, expect, it } from 'vitest'
import { isStemmaError } from '../../src/errors/stemma-error.js'
import { checkVersion, nextVersion } from '../../src/record/bump-version.js'

const version = fc
  .tuple(fc.nat(20), fc.nat(20), fc.nat(20), fc.constantFrom('', '-0', '-rc.1', '-alpha'))
  .map(([major, minor, patch, prerelease]) => `${major}.${minor}.${patch}${prerelease}`)
const bump = fc.constantFrom('major', 'minor', 'patch', 'prerelease')

describe('nextVersion', () => {
  it.each([
    [[], 'patch', '1.0.0'],
    [[], 'major', '1.0.0'],
    [[], 'minor', '1.0.0'],
    [[], 'prerelease', '1.0.0-0'],
    [['1.0.0'], 'patch', '1.0.1'],
    [['1.0.9', '1.0.10', '1.0.2'], 'patch', '1.0.11'],
    [['2.0.0', '1.2.4'], 'minor', '2.1.0'],
    [['1.4.2'], 'major', '2.0.0'],
    [['1.0.0'], 'prerelease', '1.0.1-0'],
    [['1.0.1-0'], 'prerelease', '1.0.1-1'],
    [['1.0.1-0'], 'patch', '1.0.1']
  ] as const)('after %j, %s gives %s', (existing, step, next) => {
    expect(nextVersion(existing, { bump: step })).toBe(next)
  })

  it('always gives a free number above all others', () => {
    fc.assert(
      fc.property(fc.array(version, { minLength: 1 }), bump, (existing, step) => {
        const next = nextVersion(existing, { bump: step })
        expect(existing.every((other) => semver.gt(next, other))).toBe(true)
      })
    )
  })

  it('takes a free exact number, also below the highest', () => {
    expect(nextVersion(['1.2.3', '2.0.0'], { exact: '1.2.4' })).toBe('1.2.4')
    expect(nextVersion([], { exact: 'v0.1.0' })).toBe('0.1.0')
  })

  it('refuses a number that is taken, and names a free one', () => {
    fc.assert(
      fc.property(fc.array(version, { minLength: 1 }), fc.nat(), (existing, index) => {
        const taken = existing[index % existing.length] ?? ''
        try {
          nextVersion(existing, { exact: taken })
          expect.unreachable()
        } catch (error) {
          if (!isStemmaError(error, 'ALREADY_EXISTS')) throw error
          expect(error.message).toContain(taken)
          expect(existing).not.toContain(error.details.next)
        }
      })
    )
  })

  it('says that a number at the end of its range cannot be raised', () => {
    expect(() => nextVersion(['1.0.9007199254740991'], { bump: 'patch' })).toThrow(expect.objectContaining({ code: 'INVALID_VERSION' }))
    expect(nextVersion(['1.0.9007199254740991'], { bump: 'minor' })).toBe('1.1.0')
  })
})

describe('checkVersion', () => {
  it.each([
    '',
    '1',
    '1.0',
    '1.0.x',
    '^1.0.0',
    'latest',
    '01.0.0',
    '1.0.0.0',
    '1.0.0-',
    '1.0.0+',
    '1.0.0+build',
    '1.0.0-rc.1+sha',
    '-1.0.0',
    `1.0.${'9'.repeat(400)}`
  ])('refuses %j', (text) => {
    expect(() => checkVersion(text)).toThrow(expect.objectContaining({ code: 'INVALID_VERSION' }))
  })
})
