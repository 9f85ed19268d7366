import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isStemmaError, type StemmaError } from '../../src/errors/stemma-error.js'
import { formatReference } from '../../src/record/format-reference.js'
import { parseReference, toReference } from '../../src/record/parse-reference.js'
import type { Reference, ReferenceInput } from '../../src/schemas/reference.js'

const HEX = '0123456789abcdef'.repeat(4)

function refusal(run: () => unknown): StemmaError {
  try {
    run()
  } catch (error) {
    if (isStemmaError(error, 'INVALID_REFERENCE', 'INVALID_NAME')) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('parseReference', () => {
  it.each<[string, Reference['selector']]>([
    ['m', { kind: 'latest' }],
    ['m@latest', { kind: 'latest' }],
    ['m@1.0.2', { kind: 'version', version: '1.0.2' }],
    ['m@v1.0.2', { kind: 'version', version: '1.0.2' }],
    ['m@2.0.0-rc.1', { kind: 'version', version: '2.0.0-rc.1' }],
    ['m@^1.2', { kind: 'range', range: '^1.2' }],
    ['m@1', { kind: 'range', range: '1' }],
    ['m@1.x', { kind: 'range', range: '1.x' }],
    ['m@*', { kind: 'range', range: '*' }],
    ['m@>=1.0.0  <2', { kind: 'range', range: '>=1.0.0 <2' }],
    ['m@1.0.0 - 2', { kind: 'range', range: '1.0.0 - 2' }],
    ['m@1.2 || ~2.1', { kind: 'range', range: '1.2 || ~2.1' }],
    ['m#3', { kind: 'sequence', sequence: 3 }],
    [`m@sha256:${HEX}`, { kind: 'digest', digest: `sha256:${HEX}` }],
    [`m@SHA256:${HEX.toUpperCase()}`, { kind: 'digest', digest: `sha256:${HEX}` }],
    ['m@production', { kind: 'label', label: 'production' }],
    ['m@champion_2-eu.west', { kind: 'label', label: 'champion_2-eu.west' }]
  ])('reads %j', (text, selector) => {
    expect(parseReference(text)).toEqual({ name: 'm', selector })
  })

  it.each<[string, Omit<Reference, 'name' | 'selector'>]>([
    ['m@production?audience=berlin', { audience: 'berlin' }],
    ['m@production?audience=site%3Dberlin', { audience: 'site=berlin' }],
    ['m@production?audience=site=berlin', { audience: 'site=berlin' }],
    ['m@production?at=2026-03-01', { at: Date.UTC(2026, 2, 1) }],
    ['m@production?at=2026-03-01T12:30Z', { at: Date.UTC(2026, 2, 1, 12, 30) }],
    ['m@production?at=2026-03-01T12:30:15.250Z', { at: Date.UTC(2026, 2, 1, 12, 30, 15, 250) }],
    ['m@production?at=2026-03-01T12:30:00+01:00', { at: Date.UTC(2026, 2, 1, 11, 30) }],
    ['m@production?at=2026-03-01T00:30:00%2B0100', { at: Date.UTC(2026, 1, 28, 23, 30) }],
    ['m@production?at=2024-02-29&audience=b', { at: Date.UTC(2024, 1, 29), audience: 'b' }]
  ])('reads %j', (text, query) => {
    expect(parseReference(text)).toEqual({ name: 'm', selector: { kind: 'label', label: 'production' }, ...query })
  })

  it('takes a time with every selector', () => {
    for (const selector of ['', '@1.0.0', '@^1', '#2', '@latest', '@champion']) {
      expect(parseReference(`m${selector}?at=2026-03-01`).at).toBe(Date.UTC(2026, 2, 1))
    }
  })

  it.each([
    ['', 'not a text with a model name'],
    ['m@', 'nothing after "@"'],
    ['m@ ', 'nothing after "@"'],
    ['m@?at=2026-03-01', 'nothing after "@"'],
    ['m#', 'after "#"'],
    ['m#0', 'after "#"'],
    ['m#01', 'after "#"'],
    ['m#-1', 'after "#"'],
    ['m#1.5', 'after "#"'],
    ['m#9007199254740993', 'after "#"'],
    ['m#3@production', 'second "@"'],
    ['m@production#3', 'second "#"'],
    ['m@a@b', 'second "@"'],
    ['m@1.0.0+build', 'build metadata'],
    [`m@sha256:${HEX.slice(0, 12)}`, '12 hex digits'],
    [`m@sha256:${HEX}0`, '65 hex digits'],
    ['m@sha256:xyz', 'wanted sha256'],
    [`m@md5:${HEX.slice(0, 32)}`, 'wanted sha256'],
    ['m@pro duction', 'wanted a version'],
    ['m@-x', 'wanted a version'],
    ['m@größe', 'wanted a version'],
    [`m@${'a'.repeat(129)}`, 'wanted a version'],
    ['m@production?', 'unknown part'],
    ['m@production?site=berlin', 'unknown part "site"'],
    ['m@production?Audience=berlin', 'unknown part'],
    ['m@production?audience=a&audience=b', 'audience twice'],
    ['m@production?at=2026-03-01&at=2026-03-01', 'at twice'],
    ['m@production?audience', 'audience without a value'],
    ['m@production?audience=', 'audience without a value'],
    ['m@production?audience=%zz', 'percent-encoding'],
    ['m@production?audience=a%20b', 'audience "a b"'],
    ['m?audience=berlin', 'only the stage production'],
    ['m@staging?audience=berlin', 'only the stage production'],
    ['m@1.0.0?audience=berlin', 'only the stage production'],
    ['m?at=2026-03-01T12:00', 'without an offset'],
    ['m?at=2026-02-30', 'exists'],
    ['m?at=2026-02-30T10:00Z', 'exists'],
    ['m?at=2026-03-01T25:00Z', 'exists'],
    ['m?at=2026-13-01', 'exists'],
    ['m?at=yesterday', 'not an ISO 8601'],
    ['m?at=1772323200000', 'not an ISO 8601'],
    ['m?at=01.03.2026', 'not an ISO 8601'],
    ['a b@1.0.0', 'model name'],
    ['@production', 'model name'],
    ['../m@1.0.0', 'model name'],
    ['m'.repeat(3_000), 'characters']
  ])('refuses %j, saying %s', (text, said) => {
    expect(refusal(() => parseReference(text)).message).toContain(said)
  })

  it.each([
    ['name:1.0', '"name@1.0"'],
    ['name==1.0', '"name@1.0"'],
    ['models:/name/3', '"name#3"'],
    ['models:/name/Production', '"name@production"'],
    ['models:/name@champion', '"name@champion"'],
    ['m?at=2026-03-01T12:00', '2026-03-01T12:00Z'],
    ['m?audience=berlin', 'm@production?audience=berlin'],
    ['m@1.0.0+build', '"1.0.0"']
  ])('says for %j to write %s', (text, hint) => {
    expect(refusal(() => parseReference(text)).hint).toContain(hint)
  })

  it('gives a reference or our error for any text', () => {
    const text = fc.array(
      fc.oneof(
        fc.constantFrom('m', '@', '#', '?', '&', '=', 'at', 'audience', '1.0.0', '^1', '%', '+', ' ', 'sha256:', 'latest'),
        fc.string({ maxLength: 3 })
      )
    )
    fc.assert(
      fc.property(text, (pieces) => {
        try {
          const reference = parseReference(pieces.join(''))
          expect(parseReference(formatReference(reference))).toEqual(reference)
        } catch (error) {
          if (!isStemmaError(error, 'INVALID_REFERENCE', 'INVALID_NAME')) throw error
        }
      }),
      { numRuns: 2_000 }
    )
  })
})

describe('formatReference', () => {
  const label = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{3,12}$/).filter((text) => text !== 'latest' && !/^[vx]/i.test(text))
  const version = fc
    .tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.constantFrom('', '-rc.1', '-0'))
    .map(([a, b, c, pre]) => `${a}.${b}.${c}${pre}`)
  const selector = fc.oneof(
    fc.constant({ kind: 'latest' as const }),
    version.map((text) => ({ kind: 'version' as const, version: text })),
    fc.constantFrom('^1.2', '~2', '1.x', '*', '>=1.0.0 <2', '1 || 2').map((range) => ({ kind: 'range' as const, range })),
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map((sequence) => ({ kind: 'sequence' as const, sequence })),
    fc.constant({ kind: 'digest' as const, digest: `sha256:${HEX}` }),
    label.map((text) => ({ kind: 'label' as const, label: text }))
  )
  const at = fc.option(
    fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }).map((date) => date.getTime()),
    { nil: undefined }
  )
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,10}(?:\/[a-z0-9]{1,5})?$/)

  it('is read back as the same reference', () => {
    fc.assert(
      fc.property(name, selector, at, (model, chosen, instant) => {
        const reference: Reference = { name: model, selector: chosen, ...(instant === undefined ? {} : { at: instant }) }
        expect(parseReference(formatReference(reference))).toEqual(reference)
      })
    )
  })

  it('quotes an audience so that it is read back', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:/=@,+~-]{0,20}$/), at, (audience, instant) => {
        const reference: Reference = {
          name: 'm',
          selector: { kind: 'label', label: 'production' },
          audience,
          ...(instant === undefined ? {} : { at: instant })
        }
        expect(parseReference(formatReference(reference))).toEqual(reference)
      })
    )
  })

  it('writes the short forms', () => {
    expect(formatReference(parseReference('a/b@latest'))).toBe('a/b')
    expect(formatReference(parseReference('m@production?at=2026-03-01T00:00:00Z&audience=site=berlin'))).toBe(
      'm@production?audience=site=berlin&at=2026-03-01'
    )
  })
})

describe('toReference', () => {
  it.each<[string | ReferenceInput, string]>([
    ['m@1.0.0', 'm@1.0.0'],
    [{ name: 'm' }, 'm'],
    [{ name: 'm', version: '1.0.0' }, 'm@1.0.0'],
    [{ name: 'm', version: ' v1.0.0 ' }, 'm@1.0.0'],
    [{ name: 'm', version: '^1' }, 'm@^1'],
    [{ name: 'm', version: 'latest' }, 'm'],
    [{ name: 'm', sequence: 3 }, 'm#3'],
    [{ name: 'm', digest: `sha256:${HEX}` }, `m@sha256:${HEX}`],
    [{ name: 'm', stage: 'staging' }, 'm@staging'],
    [{ name: 'm', alias: 'champion', version: undefined }, 'm@champion'],
    [{ name: 'm', stage: 'production', audience: 'b', at: '2026-03-01' }, 'm@production?audience=b&at=2026-03-01'],
    [{ name: 'm', at: new Date('2026-03-01T01:00:00Z') }, 'm?at=2026-03-01T01:00:00.000Z']
  ])('reads %j', (input, text) => {
    expect(formatReference(toReference(input))).toBe(text)
  })

  it.each<[ReferenceInput, string]>([
    [{ name: 'm', version: '1.0.0', stage: 'production' }, 'more than one'],
    [{ name: 'm', version: 'production' }, 'wanted a version'],
    [{ name: 'm', version: '' }, 'wanted a version'],
    [{ name: 'm', alias: '1.0.0' }, 'reads as a version'],
    [{ name: 'm', alias: 'latest' }, 'reads as a version'],
    [{ name: 'm', stage: '' }, 'as stage'],
    [{ name: 'm', sequence: 0 }, 'sequence'],
    [{ name: 'm', digest: HEX }, 'wanted sha256'],
    [{ name: 'm@1', version: '1.0.0' }, 'model name'],
    [{ name: 'm', audience: 'b' }, 'only the stage production'],
    [{ name: 'm', at: new Date(Number.NaN) }, ''],
    [{ name: 'm', at: new Date(8.64e15) }, 'at='],
    [{ name: 'm', at: '' }, 'at=']
  ])('refuses %j, saying %s', (input, said) => {
    expect(refusal(() => toReference(input)).message).toContain(said)
  })

  it('refuses unknown keys', () => {
    const input: object = { name: 'm', verison: '1.0.0' }
    // @ts-expect-error: JavaScript callers
    expect(refusal(() => toReference(input)).message).toContain('verison')
  })
})

describe('a version that a verb returned', () => {
  it('is a reference to itself', () => {
    const version = { name: 'm', version: '1.0.2', sequence: 3, digest: `sha256:${'0'.repeat(64)}`, createdAt: '2026-03-01T00:00:00.000Z', stage: 'production' }
    expect(toReference(version)).toEqual(parseReference('m@1.0.2'))
  })
})
