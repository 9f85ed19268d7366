import assert from 'node:assert/strict'
import type { Digest } from '../../schemas/digest.js'
import { sha256Hex } from '../../util/sha256.js'
import type { CaseDefinition } from './conformance-case.js'
import { ABSENT, all, failure, readText, textSource } from './fixtures.js'

const DAY_MS = 86_400_000
const digestOf = (text: string): Digest => `sha256:${sha256Hex(text)}`

/** Storing and reading bytes. */
export const blobCases: readonly CaseDefinition[] = [
  {
    name: 'blobs/round-trip',
    promise: 'bytes come back under their sha256',
    async run({ backend }) {
      const [blob] = await backend.putBlobs([textSource('a', 'hello')], {})
      assert.deepEqual(blob, { digest: `sha256:${sha256Hex('hello')}`, sizeBytes: 5, existed: false })
      assert.equal(await readText(backend, blob.digest), 'hello')
    }
  },
  {
    name: 'blobs/order',
    promise: 'results are in the order of the sources',
    async run({ backend }) {
      const texts = ['one', 'two', 'three', 'one']
      const stored = await backend.putBlobs(texts.map((text) => textSource(text, text)), {})
      assert.deepEqual(stored.map((blob) => blob.digest), texts.map((text) => `sha256:${sha256Hex(text)}`))
    }
  },
  {
    name: 'blobs/existed',
    promise: 'bytes that are there are not stored twice',
    async run({ backend }) {
      await backend.putBlobs([textSource('a', 'same')], {})
      const [again] = await backend.putBlobs([textSource('b', 'same')], {})
      assert.equal(again?.existed, true)
    }
  },
  {
    name: 'blobs/none',
    promise: 'no sources give no results',
    async run({ backend }) {
      assert.deepEqual(await backend.putBlobs([], {}), [])
    }
  },
  {
    name: 'blobs/empty',
    promise: 'the empty blob is a blob',
    async run({ backend }) {
      const [blob] = await backend.putBlobs([textSource('empty', '')], {})
      assert(blob)
      assert.equal(blob.sizeBytes, 0)
      assert.equal(await readText(backend, blob.digest), '')
    }
  },
  {
    name: 'blobs/stream',
    promise: 'a stream of bytes and text is one blob',
    async run({ backend }) {
      async function* chunks(): AsyncGenerator<Uint8Array | string> {
        yield 'hel'
        yield await Promise.resolve(Buffer.from('lo'))
      }
      const [blob] = await backend.putBlobs([{ kind: 'stream', label: 's', stream: chunks() }], {})
      assert.equal(blob?.digest, `sha256:${sha256Hex('hello')}`)
    }
  },
  {
    name: 'blobs/broken-stream',
    promise: 'a stream that fails is SOURCE_UNREADABLE',
    async run({ backend }) {
      async function* chunks(): AsyncGenerator<string> {
        yield await Promise.resolve('hel')
        throw new Error('torn')
      }
      await failure(backend.putBlobs([{ kind: 'stream', label: 's', stream: chunks() }], {}), 'SOURCE_UNREADABLE')
    }
  },
  {
    name: 'blobs/missing-file',
    promise: 'a file that is not there is SOURCE_UNREADABLE',
    async run({ backend }) {
      const source = { kind: 'file', label: 'gone.bin', path: '/nowhere/at/all/gone.bin', sizeBytes: 1 } as const
      const error = await failure(backend.putBlobs([source], {}), 'SOURCE_UNREADABLE')
      assert.match(error.message, /gone\.bin/)
    }
  },
  {
    name: 'blobs/start',
    promise: 'reading starts where asked',
    async run({ backend }) {
      const [blob] = await backend.putBlobs([textSource('a', 'hello')], {})
      assert(blob)
      assert.equal(await readText(backend, blob.digest, 3), 'lo')
      assert.equal(await readText(backend, blob.digest, 5), '')
    }
  },
  {
    name: 'blobs/missing',
    promise: 'a blob that is not stored is BLOB_MISSING before the first byte',
    async run({ backend }) {
      await failure(all(backend.openBlob(ABSENT, {})), 'BLOB_MISSING')
    }
  },
  {
    name: 'blobs/caller-keeps-bytes',
    promise: 'what a reader does to bytes, or a caller to those it stored, does not reach the blob',
    async run({ backend }) {
      const bytes = Buffer.from('hello')
      const [blob] = await backend.putBlobs([{ kind: 'bytes', label: 'a', bytes }], {})
      assert(blob)
      bytes.fill(0)
      for (const chunk of await all(backend.openBlob(blob.digest, {}))) chunk.fill(0)
      assert.equal(await readText(backend, blob.digest), 'hello')
    }
  },
  {
    name: 'blobs/abort',
    promise: 'an aborted store rejects with the reason',
    async run({ backend }) {
      const reason = new Error('enough')
      await assert.rejects(backend.putBlobs([textSource('a', 'x')], { signal: AbortSignal.abort(reason) }), (error) => error === reason)
    }
  },
  {
    name: 'blobs/progress',
    promise: 'progress ends at all bytes',
    async run({ backend }) {
      let done = 0
      await backend.putBlobs([textSource('a', 'hello'), textSource('b', 'world!')], { onProgress: (progress) => (done = progress.doneBytes) })
      assert.equal(done, 11)
    }
  },
  {
    name: 'blobs/keep',
    promise: 'which blobs are stored is told in their order, and those are kept',
    async run({ backend }) {
      const [one, two] = await backend.putBlobs([textSource('a', 'one'), textSource('b', 'two')], {})
      assert(one && two)
      assert.deepEqual(await backend.keepBlobs([two.digest, ABSENT, one.digest, two.digest], {}), [true, false, true, true])
      assert.deepEqual(await backend.keepBlobs([], {}), [])
      assert.equal(await readText(backend, one.digest), 'one')
    }
  },
  {
    name: 'blobs/keep-collected',
    promise: 'a blob that was kept survives a collection within the grace period, and one that was collected counts as absent',
    needs: { garbageCollection: true },
    async run({ backend }) {
      const [blob] = await backend.putBlobs([textSource('a', 'orphan')], {})
      assert(blob)
      assert.deepEqual(await backend.keepBlobs([blob.digest], {}), [true])
      await backend.collectGarbage({ dryRun: false, graceMs: DAY_MS }, {})
      assert.equal(await readText(backend, blob.digest), 'orphan')
      await backend.collectGarbage({ dryRun: false, graceMs: -DAY_MS }, {})
      assert.deepEqual(await backend.keepBlobs([blob.digest], {}), [false])
    }
  },
  {
    name: 'blobs/keep-abort',
    promise: 'an aborted look rejects with the reason',
    async run({ backend }) {
      const reason = new Error('enough')
      await assert.rejects(backend.keepBlobs([ABSENT], { signal: AbortSignal.abort(reason) }), (error) => error === reason)
    }
  },
  {
    name: 'blobs/owned-file',
    promise: 'a file that is given away is stored under its digest, among others, and gone from its path',
    async run({ backend, files }) {
      const path = await files.make(backend, Buffer.from('hello'))
      const owned = { kind: 'owned-file', label: 'o', path, sizeBytes: 5, digest: digestOf('hello') } as const
      let done = 0
      const stored = await backend.putBlobs([textSource('a', 'one'), owned, textSource('b', 'two')], { onProgress: (progress) => (done = progress.doneBytes) })
      assert.deepEqual(stored, [
        { digest: digestOf('one'), sizeBytes: 3, existed: false },
        { digest: digestOf('hello'), sizeBytes: 5, existed: false },
        { digest: digestOf('two'), sizeBytes: 3, existed: false }
      ])
      assert.equal(done, 11)
      assert.equal(await readText(backend, digestOf('hello')), 'hello')
      assert.equal(files.exists(path), false)
    }
  },
  {
    name: 'blobs/owned-file-existed',
    promise: 'a file with bytes that are there already is gone, too',
    async run({ backend, files }) {
      await backend.putBlobs([textSource('a', 'hello')], {})
      const path = await files.make(backend, Buffer.from('hello'))
      const stored = await backend.putBlobs([{ kind: 'owned-file', label: 'o', path, sizeBytes: 5, digest: digestOf('hello') }], {})
      assert.deepEqual(stored, [{ digest: digestOf('hello'), sizeBytes: 5, existed: true }])
      assert.equal(files.exists(path), false)
    }
  },
  {
    name: 'blobs/owned-file-missing',
    promise: 'a file that is not there is SOURCE_UNREADABLE',
    async run({ backend, files }) {
      const path = `${await files.make(backend, Buffer.from('hello'))}-gone`
      await failure(backend.putBlobs([{ kind: 'owned-file', label: 'o', path, sizeBytes: 5, digest: digestOf('hello') }], {}), 'SOURCE_UNREADABLE')
    }
  },
  {
    name: 'blobs/owned-file-size',
    promise: 'a file of another size than was said is DIGEST_MISMATCH, stays where it is, and nothing is stored',
    async run({ backend, files }) {
      const path = await files.make(backend, Buffer.from('hello'))
      const owned = { kind: 'owned-file', label: 'o', path, sizeBytes: 6, digest: digestOf('hello!') } as const
      await failure(backend.putBlobs([owned], {}), 'DIGEST_MISMATCH')
      assert.equal(files.exists(path), true)
      assert.deepEqual(await backend.keepBlobs([digestOf('hello'), digestOf('hello!')], {}), [false, false])
    }
  },
  {
    name: 'blobs/local-path',
    promise: 'a blob on the local disk can be found there',
    needs: { localFiles: true },
    async run({ backend }) {
      const [blob] = await backend.putBlobs([textSource('a', 'hello')], {})
      assert(blob)
      assert.match(backend.localBlobPath(blob.digest) ?? '', new RegExp(sha256Hex('hello')))
    }
  }
]
