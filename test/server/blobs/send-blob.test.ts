import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { contextOf } from '../../../src/registry/registry-context.js'
import { temporaryFolder, testRegistry } from '../../support/test-registry.js'
import { startByteServer } from '../byte-server.js'

describe.each(['memory:', 'local'])('downloads over %s', (kind) => {
  const open = async (sizeBytes: number) => {
    const registry = await testRegistry(kind === 'local' ? temporaryFolder() : kind)
    const bytes = Buffer.alloc(sizeBytes)
    for (let index = 0; index < sizeBytes; index += 1) bytes[index] = (index * 7 + (index >> 9)) & 0xff
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    await contextOf(registry).backend.putBlobs([{ kind: 'bytes', label: 'x', bytes }], {})
    return { bytes, digest, server: await startByteServer(registry) }
  }

  it.each([0, 1, 131_072, 131_073, 1_048_576, 5_000_001])('sends %d bytes whole', async (sizeBytes) => {
    const { server, bytes, digest } = await open(sizeBytes)
    const reply = await server.send('GET', `/v1/blobs/${digest}`)
    expect(reply.status).toBe(200)
    expect(reply.headers).toMatchObject({
      'content-length': String(sizeBytes),
      etag: `"${digest}"`,
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      'cache-control': 'private, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff'
    })
    expect(reply.headers['content-disposition']).toMatch(/^attachment/)
    expect(reply.body.equals(bytes)).toBe(true)
    const head = await server.send('HEAD', `/v1/blobs/${digest}`, { headers: { range: 'bytes=0-0' } })
    expect([head.status, head.headers['content-length'], head.headers['etag']]).toEqual([200, String(sizeBytes), `"${digest}"`])
  })

  it('sends a range, and the whole when the range is for other bytes', async () => {
    const { server, bytes, digest } = await open(3_000_000)
    const get = (headers: Record<string, string>) => server.send('GET', `/v1/blobs/${digest}`, { headers })
    const part = await get({ range: 'bytes=1000-2499999', 'if-range': `"${digest}"` })
    expect([part.status, part.headers['content-range'], part.headers['content-length']]).toEqual([206, 'bytes 1000-2499999/3000000', '2499000'])
    expect(part.body.equals(bytes.subarray(1_000, 2_500_000))).toBe(true)
    const tail = await get({ range: 'bytes=-5' })
    expect([tail.status, tail.body]).toEqual([206, bytes.subarray(-5)])
    for (const ifRange of ['"sha256:other"', `W/"${digest}"`, 'Mon, 23 Nov 2026 00:00:00 GMT']) {
      const whole = await get({ range: 'bytes=1000-', 'if-range': ifRange })
      expect([whole.status, whole.body.length]).toEqual([200, 3_000_000])
    }
    const none = await get({ range: 'bytes=3000000-' })
    expect([none.status, none.headers['content-range'], none.body.length]).toEqual([416, 'bytes */3000000', 0])
    expect((await get({ range: 'bytes=0-1,5-6' })).status).toBe(200)
    const same = await get({ 'if-none-match': `"x", "${digest}"` })
    expect([same.status, same.body.length]).toEqual([304, 0])
  })

  it('tells what is missing, and what is no digest', async () => {
    const { server } = await open(1)
    const missing = await server.send('GET', `/v1/blobs/sha256:${'0'.repeat(64)}`)
    expect([missing.status, missing.code()]).toEqual([404, 'BLOB_MISSING'])
    expect((await server.send('HEAD', `/v1/blobs/sha256:${'0'.repeat(64)}`)).status).toBe(404)
    for (const digest of ['sha256:..', `sha256:${'A'.repeat(64)}`, 'store.json', `md5:${'0'.repeat(64)}`]) {
      expect((await server.send('GET', `/v1/blobs/${digest}`)).status).toBe(400)
    }
  })

  it('stops for a client that goes away, and serves the next one', async () => {
    const { server, bytes, digest } = await open(8_000_000)
    for (let time = 0; time < 20; time += 1) {
      const socket = connect(server.port, '127.0.0.1')
      socket.write(`GET /v1/blobs/${digest} HTTP/1.1\r\nHost: x\r\n\r\n`)
      await once(socket, 'data')
      if (time % 2 === 0) socket.destroy()
      else socket.resetAndDestroy()
    }
    expect((await server.send('GET', `/v1/blobs/${digest}`)).body.equals(bytes)).toBe(true)
  })

  it('sends to many at once, the right bytes to each', async () => {
    const { server, bytes, digest } = await open(2_500_000)
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, index) => server.send('GET', `/v1/blobs/${digest}`, { headers: { range: `bytes=${index * 1_000}-` } }))
    )
    for (const [index, reply] of replies.entries()) expect(reply.body.equals(bytes.subarray(index * 1_000))).toBe(true)
  })
})
