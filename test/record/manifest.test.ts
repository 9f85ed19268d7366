import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildManifest, isBuilt, manifestBytes, manifestDigest, MAX_MANIFEST_BYTES, readManifest, rebuiltManifest } from '../../src/record/manifest.js'
import type { Artifact } from '../../src/schemas/artifact.js'
import type { Digest } from '../../src/schemas/digest.js'
import { canonicalJsonBytes } from '../../src/util/canonical-json.js'

const HEX = '0123456789abcdef'.repeat(4)

function artifact(path: string): Artifact {
  return { path, sizeBytes: 5, digest: `sha256:${HEX}`, format: 'binary', role: 'weights' }
}

function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** A document with its true digest: what a hostile or foreign writer could store. */
function stored(value: unknown): [Uint8Array, Digest] {
  const bytes = new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
  return [bytes, digestOf(bytes)]
}

describe('rebuiltManifest', () => {
  it('gives a manifest that counts as built here, with the very bytes that were read', () => {
    const bytes = manifestBytes(buildManifest(['a', 'b/c', 'é'].map(artifact)))
    const read = readManifest(bytes, digestOf(bytes))
    const rebuilt = rebuiltManifest(read, bytes)
    expect(isBuilt(rebuilt)).toBe(true)
    expect(rebuilt).toEqual(read)
    expect(Buffer.from(manifestBytes(rebuilt)).equals(bytes)).toBe(true)
  })

  it('gives back one that has more than is known here, or was written in another way', () => {
    const documents = [
      { artifacts: [artifact('a')], schemaVersion: 1 },
      { artifacts: [{ ...artifact('a'), added: true }], schemaVersion: 1 },
      { added: 1, artifacts: [artifact('a')], schemaVersion: 1 }
    ]
    for (const document of documents) {
      const [bytes, digest] = stored(document)
      const read = readManifest(bytes, digest)
      expect(rebuiltManifest(read, bytes)).toBe(read)
    }
  })
})

describe('buildManifest', () => {
  it('does not depend on the order in which artifacts are given', () => {
    const paths = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}[0-9é]{1,3}$/), { minLength: 1, maxLength: 8, selector: (path) => path })
    fc.assert(
      fc.property(
        paths.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          expect(manifestDigest(buildManifest(shuffled.map(artifact)))).toBe(manifestDigest(buildManifest(list.map(artifact))))
        }
      )
    )
  })

  it('sorts by the bytes of UTF-8', () => {
    expect(buildManifest(['c', 'a/z', 'a-z', 'B'].map(artifact)).artifacts.map(({ path }) => path)).toEqual(['B', 'a-z', 'a/z', 'c'])
    expect(buildManifest([artifact('\u{1f600}'), artifact('\ufa0e')]).artifacts.map(({ path }) => path)).toEqual(['\ufa0e', '\u{1f600}'])
  })

  it('leaves its argument alone and takes a frozen one', () => {
    const list = Object.freeze([artifact('b'), artifact('a')])
    buildManifest(list)
    expect(list.map(({ path }) => path)).toEqual(['b', 'a'])
    expect(list.map((one) => Object.isFrozen(one))).toEqual([false, false])
  })

  it('refuses unsafe and colliding paths, and too many', () => {
    expect(() => buildManifest([artifact('../a')])).toThrow(expect.objectContaining({ code: 'INVALID_PATH' }))
    expect(() => buildManifest([artifact('a'), artifact('A')])).toThrow(expect.objectContaining({ code: 'INVALID_PATH' }))
    expect(() => buildManifest(Array.from({ length: 100_001 }, () => artifact('a')))).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' })
    )
  })
})

describe('manifestBytes', () => {
  it('are those of any canonical JSON writer, whoever built the manifest', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }).map((text) => `x${text.replace(/[^\p{L}\p{N}]/gu, '')}y`.normalize('NFC'))
    const artifacts = fc.uniqueArray(
      fc.record({
        path: name,
        sizeBytes: fc.maxSafeNat(),
        digest: fc.constant<Digest>(`sha256:${HEX}`),
        format: fc.string({ unit: 'binary' }),
        role: fc.constant('weights' as const)
      }),
      { selector: ({ path }) => path.normalize('NFKC').toUpperCase().toLowerCase(), maxLength: 5 }
    )
    fc.assert(
      fc.property(artifacts, fc.boolean(), (list, isNewer) => {
        const given = list.map((one) => (isNewer ? { ...one, alike: { z: 1, a: '\u2028' } } : one))
        const manifest = buildManifest(given)
        expect(manifestBytes(manifest)).toEqual(canonicalJsonBytes(structuredClone(manifest)))
      })
    )
  })

  it('refuses what is not Unicode, as any canonical JSON writer', () => {
    const manifest = buildManifest([{ ...artifact('a'), format: 'half \ud800' }])
    expect(() => canonicalJsonBytes(structuredClone(manifest))).toThrow()
    expect(() => manifestBytes(manifest)).toThrow()
    const backslash = buildManifest([{ ...artifact('a'), format: '\\ud800' }])
    expect(manifestBytes(backslash)).toEqual(canonicalJsonBytes(structuredClone(backslash)))
  })

  it('is canonical JSON, always the same bytes', () => {
    const bytes = manifestBytes(buildManifest([artifact('b'), artifact('a')]))
    const entry = (path: string): string => `{"digest":"sha256:${HEX}","format":"binary","path":"${path}","role":"weights","sizeBytes":5}`
    expect(new TextDecoder().decode(bytes)).toBe(`{"artifacts":[${entry('a')},${entry('b')}],"schemaVersion":1}`)
    expect(manifestDigest(buildManifest([]))).toBe(
      'sha256:' + createHash('sha256').update('{"artifacts":[],"schemaVersion":1}').digest('hex')
    )
  })
})

describe('readManifest', () => {
  it('gives back what was built', () => {
    const manifest = buildManifest(['model.onnx', 'tokenizer/vocab.txt'].map(artifact))
    expect(readManifest(manifestBytes(manifest), manifestDigest(manifest))).toEqual(manifest)
  })

  it('keeps fields that it does not know', () => {
    const manifest = { schemaVersion: 1, artifacts: [{ ...artifact('a'), later: [1] }], note: 'x' }
    expect(readManifest(...stored(manifest))).toEqual(manifest)
  })

  it('notices every change of a byte', () => {
    const manifest = buildManifest([artifact('model.onnx')])
    const bytes = manifestBytes(manifest)
    const digest = manifestDigest(manifest)
    for (let index = 0; index < bytes.length; index += 7) {
      const damaged = Uint8Array.from(bytes)
      damaged[index] = (damaged[index] ?? 0) ^ 1
      expect(() => readManifest(damaged, digest)).toThrow(expect.objectContaining({ code: 'DIGEST_MISMATCH' }))
    }
    expect(() => readManifest(bytes.subarray(1), digest)).toThrow(expect.objectContaining({ code: 'DIGEST_MISMATCH' }))
  })

  it.each<[string, unknown, string]>([
    ['a newer format', { schemaVersion: 2, artifacts: 'whatever' }, 'FORMAT_TOO_NEW'],
    ['no schema version', { artifacts: [] }, 'INVALID_INPUT'],
    ['no list', { schemaVersion: 1 }, 'INVALID_INPUT'],
    ['no JSON', 'artifacts: []', 'INVALID_INPUT'],
    ['a path that leads out', { schemaVersion: 1, artifacts: [artifact('../../etc/passwd')] }, 'INVALID_PATH'],
    ['an absolute path', { schemaVersion: 1, artifacts: [artifact('/etc/passwd')] }, 'INVALID_PATH'],
    ['a path of stemma', { schemaVersion: 1, artifacts: [artifact('.stemma/x')] }, 'INVALID_PATH'],
    ['colliding paths', { schemaVersion: 1, artifacts: [artifact('A'), artifact('a')] }, 'INVALID_PATH'],
    ['a path twice', { schemaVersion: 1, artifacts: [artifact('a'), artifact('a')] }, 'INVALID_PATH'],
    ['an unsorted list', { schemaVersion: 1, artifacts: [artifact('b'), artifact('a')] }, 'INVALID_INPUT'],
    ['a negative size', { schemaVersion: 1, artifacts: [{ ...artifact('a'), sizeBytes: -1 }] }, 'INVALID_INPUT'],
    ['a short digest', { schemaVersion: 1, artifacts: [{ ...artifact('a'), digest: 'sha256:00' }] }, 'INVALID_INPUT'],
    ['an unsafe size', `{"schemaVersion":1,"artifacts":[{"path":"a","sizeBytes":9007199254740993}]}`, 'INVALID_INPUT'],
    ['a key twice', `{"schemaVersion":1,"artifacts":[],"artifacts":[{"path":"../x"}]}`, 'INVALID_INPUT'],
    ['too many artifacts', `{"schemaVersion":1,"artifacts":[${'0,'.repeat(100_000)}0]}`, 'TOO_LARGE']
  ])('refuses %s though the digest is right', (_, value, code) => {
    const [bytes, digest] = stored(value)
    expect(() => readManifest(bytes, digest)).toThrow(expect.objectContaining({ code }))
  })

  it('refuses too many bytes before it hashes them', () => {
    expect(() => readManifest(new Uint8Array(MAX_MANIFEST_BYTES + 1), `sha256:${HEX}`)).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' })
    )
  })

  it('reads 20,000 artifacts', () => {
    const manifest = buildManifest(Array.from({ length: 20_000 }, (_, index) => artifact(`folder-${index % 100}/file-${index}.bin`)))
    expect(readManifest(manifestBytes(manifest), manifestDigest(manifest)).artifacts.length).toBe(20_000)
  })
})
