import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_BATCH_BLOB_BYTES, MAX_BATCH_BLOBS } from '../../../src/wire/limits.js'
import { temporaryFolder, testRegistry } from '../../support/test-registry.js'
import { startByteServer, type ByteServer } from '../byte-server.js'

const BOUNDARY = 'x-boundary'
const TYPE = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
const digestOf = (bytes: Uint8Array | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const part = (content: Uint8Array | string, header = 'Content-Disposition: form-data; name="blob"; filename="blob"'): Buffer =>
  Buffer.concat([Buffer.from(`--${BOUNDARY}\r\n${header}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n')])
const END = Buffer.from(`--${BOUNDARY}--\r\n`)
const body = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, END])
const post = (server: ByteServer, bytes: Buffer, headers: Record<string, string> = TYPE) => server.send('POST', '/v1/blobs', { body: bytes, headers })

describe.each(['memory:', 'local'])('a batch over %s', (kind) => {
  const open = async () => startByteServer(await testRegistry(kind === 'local' ? temporaryFolder() : kind))

  it('stores every part, in order, the same bytes twice, and none', async () => {
    const server = await open()
    const contents = ['one', '', 'two', 'one', Buffer.alloc(MAX_BATCH_BLOB_BYTES, 7), '\r\n', `\r\n--${BOUNDARY.slice(0, -1)}`, 'end']
    const reply = await post(server, body(...contents.map((content) => part(content))))
    expect(reply.status).toBe(200)
    const blobs = reply.json()['blobs'] as { digest: string; sizeBytes: number }[]
    expect(blobs.map(({ digest, sizeBytes }) => [digest, sizeBytes])).toEqual(contents.map((content) => [digestOf(content), Buffer.byteLength(content)]))
    expect((await server.send('GET', `/v1/blobs/${digestOf('two')}`)).body.toString()).toBe('two')
    expect((await post(server, END)).json()).toEqual({ blobs: [] })
  })

  it('keeps apart what arrives at the same time and one after the other', async () => {
    const server = await open()
    const contentsOf = (seed: number): Buffer[] => [0, 1, 2].map((place) => Buffer.alloc(500_000, `${seed}-${place}`))
    for (const round of [0, 10]) {
      const seeds = Array.from({ length: 6 }, (_, index) => round + index)
      await Promise.all(seeds.map((seed) => post(server, body(...contentsOf(seed).map((content) => part(content))))))
    }
    for (const content of [0, 5, 10, 15].flatMap(contentsOf)) {
      expect((await server.send('GET', `/v1/blobs/${digestOf(content)}`)).body.equals(content)).toBe(true)
    }
  })

  it('stores any contents, in whatever pieces they arrive', async () => {
    const server = await open()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 }), async (contents, pieces) => {
        const bytes = body(...contents.map((content) => part(content)))
        const replied = await sendInPieces(server.port, bytes, pieces)
        expect(replied.map(({ digest }) => digest)).toEqual(contents.map((content) => digestOf(content)))
      }),
      { numRuns: 60 }
    )
  })
})

describe('a batch that is wrong', () => {
  const refused = async (bytes: Buffer, status: number, headers: Record<string, string> = TYPE): Promise<string> => {
    const server = await startByteServer(await testRegistry('memory:'))
    const reply = await post(server, bytes, headers)
    expect(reply.status).toBe(status)
    return (reply.json()['error'] as { message: string }).message
  }

  it('has too many parts, too large ones, or too many bytes', async () => {
    await refused(body(...Array.from({ length: MAX_BATCH_BLOBS + 1 }, () => part('x'))), 413)
    await refused(body(part(Buffer.alloc(MAX_BATCH_BLOB_BYTES + 1))), 413)
    await refused(body(...Array.from({ length: 17 }, () => part(Buffer.alloc(MAX_BATCH_BLOB_BYTES)))), 413)
    await refused(Buffer.concat([Buffer.alloc(19_000_000, 'x'), body(part('x'))]), 413)
  })

  it.each([
    ['no boundary', body(part('x')), { 'content-type': 'multipart/form-data' }],
    ['another boundary', body(part('x')), { 'content-type': 'multipart/form-data; boundary=other' }],
    ['nothing at all', Buffer.alloc(0), TYPE],
    ['no last boundary', part('x'), TYPE],
    ['an end in the middle of a part', part('x').subarray(0, -3), TYPE],
    ['an end in the middle of a header', part('x').subarray(0, 40), TYPE],
    ['a part without Content-Disposition', body(part('x', 'Content-Type: text/plain')), TYPE],
    ['two of them', body(part('x', 'Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"')), TYPE],
    ['a header that is cut off by the boundary', Buffer.concat([Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data\r\n`), body(part('x'))]), TYPE],
    ['a line break in a name', body(part('x', 'Content-Disposition: form-data; name="a\nb"')), TYPE],
    ['a part in a part', body(part('x', 'Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=y')), TYPE],
    ['an encoded part', body(part('eA==', 'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64')), TYPE],
    ['a header that is too long', body(part('x', `Content-Disposition: form-data; name="a"; filename="${'a'.repeat(9_000)}"`)), TYPE],
    ['too many headers', body(part('x', `${Array.from({ length: 12 }, (_, index) => `X-${index}: 1`).join('\r\n')}\r\nContent-Disposition: form-data; name="a"`)), TYPE]
  ])('has %s', async (_, bytes, headers) => {
    await refused(bytes, 400, headers)
  })

  it('is cut off with its connection, and the server goes on', async () => {
    const server = await startByteServer(await testRegistry('memory:'))
    const whole = body(...Array.from({ length: 20 }, (_, index) => part(Buffer.alloc(50_000, index))))
    for (let cut = 0; cut < whole.length; cut += 77_777) {
      const socket = connect(server.port, '127.0.0.1')
      await once(socket, 'connect')
      socket.write(`POST /v1/blobs HTTP/1.1\r\nHost: x\r\nContent-Type: ${TYPE['content-type']}\r\nContent-Length: ${whole.length}\r\n\r\n`)
      await new Promise((resolve) => socket.write(whole.subarray(0, cut), resolve))
      socket.destroy()
    }
    expect((await post(server, whole)).status).toBe(200)
  })
})

/** Sends a chunked request in pieces of these sizes, one after the other. */
async function sendInPieces(port: number, bytes: Buffer, sizes: readonly number[]): Promise<{ digest: string }[]> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/blobs`, {
    method: 'POST',
    headers: TYPE,
    duplex: 'half',
    body: new ReadableStream({
      start(controller) {
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1
          controller.enqueue(bytes.subarray(at, at + size))
          at += size
        }
        controller.close()
      }
    })
  })
  return ((await response.json()) as { blobs: { digest: string }[] }).blobs
}
