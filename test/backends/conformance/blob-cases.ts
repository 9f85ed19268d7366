import assert from 'node:assert/strict'
import { sha256Hex } from '../../../src/util/sha256.js'
import type { ConformanceCase } from './conformance-case.js'
import { ABSENT, all, failure, readText, textSource } from './fixtures.js'

/** Storing and reading bytes. */
export const blobCases: readonly ConformanceCase[] = [
  {
    id: 'blobs/round-trip',
    title: 'bytes come back under their sha256',
    async run({ backend }) {
      const [blob] = await backend.putBlobs([textSource('a', 'hello')], {})
      assert.deepEqual(blob, { digest: `sha256:${sha256Hex('hello')}`, sizeBytes: 5, existed: false })
      assert.equal(await readText(backend, blob.digest), 'hello')
    }
  },
  {
    id: 'blobs/order',
    title: 'results are in the order of the sources',
    async run({ backend }) {
      const texts = ['one', 'two', 'three', 'one']
      const stored = await backend.putBlobs(texts.map((text) => textSource(text, text)), {})
      assert.deepEqual(stored.map((blob) => blob.digest), texts.map((text) => `sha256:${sha256Hex(text)}`))
    }
  },
  {
    id: 'blobs/existed',
    title: 'bytes that are there are not stored twice',
    async run({ backend }) {
      await backend.putBlobs([textSource('a', 'same')], {})
      const [again] = await backend.putBlobs([textSource('b', 'same')], {})
      assert.equal(again?.existed, true)
    }
  },
  {
    id: 'blobs/none',
    title: 'no sources give no results',
    async run({ backend }) {
      assert.deepEqual(await backend.putBlobs([], {}), [])
    }
  },
  {
    id: 'blobs/empty',
    title: 'the empty blob is a blob',
    async run({ backend }) {
      const [blob] = await backend.putBlobs([textSource('empty', '')], {})
      assert(blob)
      assert.equal(blob.sizeBytes, 0)
      assert.equal(await readText(backend, blob.digest), '')
    }
  },
  {
    id: 'blobs/stream',
    title: 'a stream of bytes and text is one blob',
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
    id: 'blobs/broken-stream',
    title: 'a stream that fails is SOURCE_UNREADABLE',
    async run({ backend }) {
      async function* chunks(): AsyncGenerator<string> {
        yield await Promise.resolve('hel')
        throw new Error('torn')
      }
      await failure(backend.putBlobs([{ kind: 'stream', label: 's', stream: chunks() }], {}), 'SOURCE_UNREADABLE')
    }
  },
  {
    id: 'blobs/missing-file',
    title: 'a file that is not there is SOURCE_UNREADABLE',
    async run({ backend }) {
      const source = { kind: 'file', label: 'gone.bin', path: '/nowhere/at/all/gone.bin', sizeBytes: 1 } as const
      const error = await failure(backend.putBlobs([source], {}), 'SOURCE_UNREADABLE')
      assert.match(error.message, /gone\.bin/)
    }
  },
  {
    id: 'blobs/start',
    title: 'reading starts where asked',
    async run({ backend }) {
      const [blob] = await backend.putBlobs([textSource('a', 'hello')], {})
      assert(blob)
      assert.equal(await readText(backend, blob.digest, 3), 'lo')
      assert.equal(await readText(backend, blob.digest, 5), '')
    }
  },
  {
    id: 'blobs/missing',
    title: 'a blob that is not stored is BLOB_MISSING before the first byte',
    async run({ backend }) {
      await failure(all(backend.openBlob(ABSENT, {})), 'BLOB_MISSING')
    }
  },
  {
    id: 'blobs/caller-keeps-bytes',
    title: 'what a reader does to bytes, or a caller to those it stored, does not reach the blob',
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
    id: 'blobs/abort',
    title: 'an aborted store rejects with the reason',
    async run({ backend }) {
      const reason = new Error('enough')
      await assert.rejects(backend.putBlobs([textSource('a', 'x')], { signal: AbortSignal.abort(reason) }), (error) => error === reason)
    }
  },
  {
    id: 'blobs/progress',
    title: 'progress ends at all bytes',
    async run({ backend }) {
      let done = 0
      await backend.putBlobs([textSource('a', 'hello'), textSource('b', 'world!')], { onProgress: (progress) => (done = progress.doneBytes) })
      assert.equal(done, 11)
    }
  },
  {
    id: 'blobs/local-path',
    title: 'a blob on the local disk can be found there',
    requires: (capabilities) => capabilities.localFiles,
    async run({ backend }) {
      const [blob] = await backend.putBlobs([textSource('a', 'hello')], {})
      assert(blob)
      assert.match(backend.localBlobPath(blob.digest) ?? '', new RegExp(sha256Hex('hello')))
    }
  }
]
