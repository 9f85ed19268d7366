import { posix, win32 } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isStemmaError, type StemmaError } from '../../src/errors/stemma-error.js'
import { checkArtifactPath, checkArtifactPaths } from '../../src/record/artifact-path.js'

function refusal(run: () => unknown): StemmaError {
  try {
    run()
  } catch (error) {
    if (isStemmaError(error, 'INVALID_PATH')) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const ACCEPTED = [
  'model.onnx',
  'weights/model-00001-of-00002.safetensors',
  'a',
  '.hidden',
  '.gitignore',
  'a/.b/c',
  ' leading space',
  'a b/c d.txt',
  '...a',
  'a..b',
  'x'.repeat(255),
  `${'a/'.repeat(511)}b`,
  'modèle/données.csv',
  '模型/权重.bin',
  'µ-law.bin',
  'console.log',
  'com10',
  'com',
  'lpt',
  'null',
  'auxiliary/prn1',
  'a%2e%2e',
  '%2e%2e%2fetc',
  "it's #1 & (best) [v2] {x}~.bin",
  'file~1.txt',
  'git~1',
  'sub/.stemma/x',
  '.stemmata',
  'stemma',
  'registry/a',
  'C',
  '🤖.bin'
]

const REFUSED: [string, string][] = [
  ['', 'empty'],
  ['/etc/passwd', 'relative'],
  ['//server/share', 'relative'],
  ['a/', 'file'],
  ['a//b', 'component'],
  ['.', 'component'],
  ['..', 'component'],
  ['../a', 'component'],
  ['a/../b', 'component'],
  ['a/..', 'component'],
  ['a/./b', 'component'],
  ['...', 'ending'],
  ['.../...//', 'file'],
  ['a/.../b', 'ending'],
  ['a.', 'ending'],
  ['a./b', 'ending'],
  ['a ', 'ending'],
  ['a /b', 'ending'],
  ['.. /a', 'ending'],
  ['..\\a', 'separator'],
  ['a\\..\\b', 'separator'],
  ['\\\\?\\C:\\x', 'separator'],
  ['\\\\server\\share\\x', 'separator'],
  ['C:path', 'character'],
  ['C:/path', 'character'],
  ['file:///etc/passwd', 'character'],
  ['a.txt:stream', 'character'],
  ['a::$DATA', 'character'],
  ['a<b', 'character'],
  ['a>b', 'character'],
  ['a"b', 'character'],
  ['a|b', 'character'],
  ['a?b', 'character'],
  ['a*b', 'character'],
  ['a\u0000b', 'control'],
  ['a\nb', 'control'],
  ['a\tb', 'control'],
  ['%2%0952e\t', 'control'],
  ['a\u007fb', 'control'],
  ['a\u0085b', 'control'],
  ['a\u009bb', 'control'],
  ['\ud800', 'well-formed'],
  ['a\udc00b', 'well-formed'],
  ['a\u202egpj.exe', 'invisible'],
  ['a\u200bb', 'invisible'],
  ['.ste\u200cmma/x', 'invisible'],
  ['a\u200db', 'invisible'],
  ['\ufeffa', 'invisible'],
  ['a\u2066b', 'invisible'],
  ['a\u206ab', 'invisible'],
  ['a\u2028b', 'invisible'],
  ['a\u00adb', 'invisible'],
  ['mode\u0300le', 'nfc'],
  ['\u212bngstrom', 'nfc'],
  ['\u2126', 'nfc'],
  ['x'.repeat(256), 'length'],
  ['é'.repeat(128), 'length'],
  [`${'a/'.repeat(512)}b`, 'length'],
  ['CON', 'device'],
  ['con', 'device'],
  ['a/nul', 'device'],
  ['NUL.txt', 'device'],
  ['nul.tar.gz', 'device'],
  ['nul .txt', 'device'],
  ['aux', 'device'],
  ['PRN.x', 'device'],
  ['COM0', 'device'],
  ['com1.log', 'device'],
  ['LPT9', 'device'],
  ['COM¹', 'device'],
  ['lpt³.txt', 'device'],
  ['CONIN$', 'device'],
  ['conout$', 'device'],
  ['ＣＯＮ', 'device'],
  ['‥/a', 'look-alike'],
  ['․', 'look-alike'],
  ['a／b', 'look-alike'],
  ['a＼b', 'look-alike'],
  ['Ｃ：x', 'look-alike'],
  ['.stemma', 'reserved'],
  ['.stemma/x', 'reserved'],
  ['.STEMMA/x', 'reserved'],
  ['.ſtemma/x', 'reserved'],
  ['．stemma/x', 'reserved'],
  ['.registry/x', 'reserved'],
  ['.Registry', 'reserved'],
  ['STEMMA~1/x', 'reserved'],
  ['stemma~2', 'reserved'],
  ['REGIST~1', 'reserved'],
  ['ST12AB~1', 'reserved'],
  ['stem~10', 'reserved']
]

describe('checkArtifactPath', () => {
  it.each(ACCEPTED.map((path) => [path]))('accepts %j', (path) => {
    expect(checkArtifactPath(path)).toBe(path)
  })

  it.each(REFUSED)('refuses %j by the rule %s', (path, rule) => {
    const error = refusal(() => checkArtifactPath(path))
    expect(error.details).toMatchObject({ path, rule })
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
  })

  it('gives the normal form in the message', () => {
    expect(refusal(() => checkArtifactPath('mode\u0300le')).message).toContain('"modèle" (mod\\u{e8}le)')
  })

  it('refuses what is no text', () => {
    // @ts-expect-error: JavaScript callers
    expect(refusal(() => checkArtifactPath(undefined)).details).toMatchObject({ rule: 'string' })
  })

  const piece = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom('..', '.', '/', '\\', ':', ' ', '~1', 'C:', 'con', '.stemma', '%2e', '\u0000', '‥', '／', 'e\u0301')
    },
    { weight: 2, arbitrary: fc.string({ maxLength: 4 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) }
  )
  const anyPath = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))

  it('never lets an accepted path out of its folder, on any system, nor change on its way', () => {
    let accepted = 0
    fc.assert(
      fc.property(anyPath, (path) => {
        try {
          checkArtifactPath(path)
        } catch (error) {
          if (isStemmaError(error, 'INVALID_PATH')) return
          throw error
        }
        accepted += 1
        for (const { system, root } of [
          { system: posix, root: '/srv/root' },
          { system: win32, root: 'C:\\srv\\root' }
        ]) {
          const joined = system.resolve(root, path)
          expect(joined.startsWith(root + system.sep)).toBe(true)
          expect(system.relative(root, joined).split(system.sep).join('/')).toBe(path)
          expect(system.isAbsolute(path)).toBe(false)
        }
        expect(path.normalize('NFC')).toBe(path)
      }),
      { numRuns: 5_000 }
    )
    expect(accepted).toBeGreaterThan(200)
  })
})

describe('checkArtifactPaths', () => {
  it.each([
    [['a', 'a'], 'collision'],
    [['a', 'A'], 'collision'],
    [['dir/a', 'DIR/A'], 'collision'],
    [['straße', 'STRASSE'], 'collision'],
    [['straße', 'stra\u1e9ee'], 'collision'],
    [['ﬁle', 'file'], 'collision'],
    [['①', '1'], 'collision'],
    [['ΑΣ', 'ας'], 'collision'],
    [['K', 'k'], 'collision'],
    [['ｆｉｌｅ', 'file'], 'collision'],
    [['❤', '❤\ufe0f'], 'collision'],
    [['a', 'a/b'], 'folder'],
    [['a/b/c', 'a/b'], 'folder'],
    [['A', 'a/b'], 'folder'],
    [['straße', 'STRASSE/x'], 'folder'],
    [['a', 'a.b', 'a/b'], 'folder'],
    [['ok', '../x'], 'component']
  ])('refuses %j by the rule %s', (paths, rule) => {
    expect(
      refusal(() => {
        checkArtifactPaths(paths)
      }).details
    ).toMatchObject({ rule })
    expect(
      refusal(() => {
        checkArtifactPaths(paths.toReversed())
      }).details
    ).toMatchObject({ rule })
  })

  it.each([[[]], [['a/x', 'a/y', 'b']], [['a', 'ab', 'a.b/c']], [['dir/a', 'DIR/b']], [['x', 'х']]])('accepts %j', (paths) => {
    expect(() => {
      checkArtifactPaths(paths)
    }).not.toThrow()
  })

  it('sees two paths as the same whenever changing case or normal form makes them so', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'S', 'ß', 'ẞ', 'é', 'Σ', 'ς', 'ﬃ', 'İ', 'ŉ', 'ǰ', 'ΐ', 'ᾳ', 'Ꭰ', 'Ⅷ', '½', 'ｋ'),
      minLength: 1,
      maxLength: 6
    })
    fc.assert(
      fc.property(text, fc.constantFrom('toUpperCase', 'toLowerCase', 'NFKC'), (raw, how) => {
        const path = raw.normalize('NFC')
        const other = (how === 'NFKC' ? path.normalize('NFKC') : path[how]()).normalize('NFC')
        fc.pre(!/[/\\:]/.test(other.normalize('NFKC')))
        expect(
          refusal(() => {
            checkArtifactPaths([path, other])
          }).details
        ).toMatchObject({ rule: 'collision' })
      }),
      { numRuns: 1_000 }
    )
  })

  it('takes time in proportion to the number of paths', () => {
    const paths = Array.from({ length: 100_000 }, (_, index) => `data/part-${index % 1_000}/sub/file-${index}.bin`)
    const started = performance.now()
    checkArtifactPaths(paths)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
