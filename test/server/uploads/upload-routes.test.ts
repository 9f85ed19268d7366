import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contextOf } from '../../../src/registry/registry-context.js'
import { formatChecksum, updateChecksum } from '../../../src/wire/chunk-checksum.js'
import { MAX_CHUNK_BYTES } from '../../../src/wire/limits.js'
import { temporaryFolder, testRegistry } from '../../support/test-registry.js'
import { startByteServer, type ByteServer } from '../byte-server.js'

const bytesOf = (length: number, seed = 1): Buffer => {
  const bytes = Buffer.alloc(length)
  for (let index = 0; index < length; index += 1) bytes[index] = (index * 31 + seed * 7 + (index >> 8)) & 0xff
  return bytes
}
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

async function start(server: ByteServer, body: object, headers = {}): Promise<{ id: string; offset: number; status: number }> {
  const reply = await server.send('POST', '/v1/uploads', { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } })
  const { id, offset } = reply.json() as { id: string; offset: number }
  return { id, offset, status: reply.status }
}

describe.each(['memory:', 'local'])('uploads over %s', (kind) => {
  const open = async () => {
    const folder = kind === 'local' ? temporaryFolder() : undefined
    const registry = await testRegistry(folder ?? kind, folder === undefined ? {} : { durability: 'full' })
    return { registry, folder, backend: contextOf(registry).backend, server: await startByteServer(registry) }
  }

  it('stores a blob that comes in chunks', async () => {
    const { server, backend, folder } = await open()
    const bytes = bytesOf(3_000_000)
    const digest = digestOf(bytes)
    const begun = await start(server, { digest, sizeBytes: bytes.length })
    expect(begun).toMatchObject({ offset: 0, status: 202 })
    for (let offset = 0; offset < bytes.length; offset += 1_000_000) {
      const reply = await server.sendChunk(begun.id, offset, bytes.subarray(offset, offset + 1_000_000))
      expect([reply.status, reply.offset()]).toEqual([204, offset + 1_000_000])
      expect((await server.send('HEAD', `/v1/uploads/${begun.id}`)).offset()).toBe(offset + 1_000_000)
    }
    expect(await backend.keepBlobs([digest as 'sha256:'], {})).toEqual([false])
    const reply = await server.send('PUT', `/v1/uploads/${begun.id}?digest=${digest}`)
    expect([reply.status, reply.json()]).toEqual([201, { digest, sizeBytes: bytes.length, existed: false }])
    const got = await server.send('GET', `/v1/blobs/${digest}`)
    expect(got.body.equals(bytes)).toBe(true)
    if (folder !== undefined) {
      expect(readdirSync(join(folder, 'uploads'))).toEqual([])
      expect(statSync(join(folder, 'blobs', 'sha256', digest.slice(7))).mode & 0o777).toBe(0o444)
    }
  })

  it('stores zero bytes, with and without a chunk', async () => {
    const { server } = await open()
    const digest = digestOf(Buffer.alloc(0))
    for (const withChunk of [true, false]) {
      const { id } = await start(server, { digest })
      if (withChunk) expect((await server.sendChunk(id, 0, Buffer.alloc(0))).offset()).toBe(0)
      const reply = await server.send('PUT', `/v1/uploads/${id}?digest=${digest}`)
      expect([reply.status, reply.json()['sizeBytes']]).toEqual([201, 0])
    }
    expect((await server.send('GET', `/v1/blobs/${digest}`)).headers['content-length']).toBe('0')
  })

  it('takes an upload without a digest, whose id is new each time', async () => {
    const { server } = await open()
    const [one, two] = [await start(server, {}), await start(server, {})]
    expect(one.id).not.toBe(two.id)
    const bytes = bytesOf(1_000)
    await server.sendChunk(one.id, 0, bytes)
    expect((await server.send('PUT', `/v1/uploads/${one.id}?digest=${digestOf(bytes)}`)).status).toBe(201)
    expect((await server.send('HEAD', `/v1/uploads/${two.id}`)).offset()).toBe(0)
  })

  it('answers a wrong offset with the right one, and changes nothing', async () => {
    const { server } = await open()
    const bytes = bytesOf(300)
    const { id } = await start(server, { digest: digestOf(bytes) })
    await server.sendChunk(id, 0, bytes.subarray(0, 100))
    for (const wrong of [0, 50, 99, 101, 200]) {
      const reply = await server.sendChunk(id, wrong, bytes.subarray(wrong, wrong + 60))
      expect([reply.status, reply.code(), reply.offset()]).toEqual([409, 'CONFLICT', 100])
    }
    await server.sendChunk(id, 100, bytes.subarray(100))
    expect((await server.send('PUT', `/v1/uploads/${id}?digest=${digestOf(bytes)}`)).status).toBe(201)
  })

  it('answers the chunk that came last again, for its reply may have been lost', async () => {
    const { server } = await open()
    const bytes = bytesOf(200)
    const { id } = await start(server, { digest: digestOf(bytes) })
    for (let time = 0; time < 3; time += 1) {
      const reply = await server.sendChunk(id, 0, bytes.subarray(0, 100))
      expect([reply.status, reply.offset()]).toEqual([204, 100])
    }
    expect((await server.sendChunk(id, 0, bytesOf(100, 9))).status).toBe(409)
  })

  it('answers PUT again, also when the upload is long gone', async () => {
    const { server, registry } = await open()
    const bytes = bytesOf(200)
    const digest = digestOf(bytes)
    const { id } = await start(server, { digest })
    await server.sendChunk(id, 0, bytes)
    const first = await server.send('PUT', `/v1/uploads/${id}?digest=${digest}`)
    const again = await server.send('PUT', `/v1/uploads/${id}?digest=${digest}`)
    expect([again.status, again.json()]).toEqual([201, first.json()])
    const other = await startByteServer(registry)
    const later = await other.send('PUT', `/v1/uploads/${id}?digest=${digest}`)
    expect([later.status, later.json()]).toEqual([201, { digest, sizeBytes: 200, existed: true }])
  })

  it('refuses a chunk that was changed, and takes it when it is sent again', async () => {
    const { server } = await open()
    const bytes = bytesOf(1_500_000)
    const { id } = await start(server, { digest: digestOf(bytes) })
    await server.sendChunk(id, 0, bytes.subarray(0, 500_000))
    const wrong = await server.sendChunk(id, 500_000, bytes.subarray(500_000), { 'upload-checksum': formatChecksum(1) })
    expect([wrong.status, wrong.code(), wrong.offset()]).toEqual([422, 'DIGEST_MISMATCH', 500_000])
    expect((wrong.json()['error'] as { retryable: boolean }).retryable).toBe(true)
    expect((await server.sendChunk(id, 500_000, bytes.subarray(500_000))).status).toBe(204)
    expect((await server.send('PUT', `/v1/uploads/${id}?digest=${digestOf(bytes)}`)).status).toBe(201)
  })

  it('throws an upload away whose bytes are others', async () => {
    const { server } = await open()
    const bytes = bytesOf(100)
    const digest = digestOf(bytesOf(100, 2))
    const { id } = await start(server, { digest })
    await server.sendChunk(id, 0, bytes)
    const reply = await server.send('PUT', `/v1/uploads/${id}?digest=${digest}`)
    expect([reply.status, reply.code(), (reply.json()['error'] as { retryable: boolean }).retryable]).toEqual([422, 'DIGEST_MISMATCH', false])
    expect((await server.send('HEAD', `/v1/uploads/${id}`)).status).toBe(404)
    expect((await start(server, { digest })).offset).toBe(0)
  })

  it('does not finish what has fewer bytes than were said, nor under another digest', async () => {
    const { server } = await open()
    const bytes = bytesOf(100)
    const digest = digestOf(bytes)
    const { id } = await start(server, { digest, sizeBytes: 100 })
    await server.sendChunk(id, 0, bytes.subarray(0, 60))
    const early = await server.send('PUT', `/v1/uploads/${id}?digest=${digest}`)
    expect([early.status, early.offset()]).toEqual([409, 60])
    expect((await server.send('PUT', `/v1/uploads/${id}?digest=${digestOf(bytesOf(7))}`)).status).toBe(400)
    expect((await server.send('PUT', `/v1/uploads/${id}?digest=md5:1`)).status).toBe(400)
    const tooMuch = await server.sendChunk(id, 60, bytesOf(41))
    expect([tooMuch.status, tooMuch.code()]).toEqual([413, 'TOO_LARGE'])
    await server.sendChunk(id, 60, bytes.subarray(60))
    expect((await server.send('PUT', `/v1/uploads/${id}?digest=${digest}`)).status).toBe(201)
  })

  it('goes on with the upload of the same digest, and only for the same token', async () => {
    const { server } = await open()
    const bytes = bytesOf(100)
    const digest = digestOf(bytes)
    const mine = await start(server, { digest }, { 'x-owner': 'ann' })
    await server.sendChunk(mine.id, 0, bytes.subarray(0, 40), { 'x-owner': 'ann' })
    expect(await start(server, { digest }, { 'x-owner': 'ann' })).toMatchObject({ id: mine.id, offset: 40 })
    const other = await start(server, { digest }, { 'x-owner': 'bob' })
    expect(other.offset).toBe(0)
    expect(other.id).not.toBe(mine.id)
    for (const owner of ['bob', undefined]) {
      const headers = owner === undefined ? {} : { 'x-owner': owner }
      expect((await server.send('HEAD', `/v1/uploads/${mine.id}`, { headers })).status).toBe(404)
      expect((await server.sendChunk(mine.id, 40, bytes.subarray(40), headers)).status).toBe(404)
      expect((await server.send('PUT', `/v1/uploads/${mine.id}?digest=${digest}`, { headers })).status).toBe(404)
      expect((await server.send('DELETE', `/v1/uploads/${mine.id}`, { headers })).status).toBe(404)
    }
    expect((await server.send('HEAD', `/v1/uploads/${mine.id}`, { headers: { 'x-owner': 'ann' } })).offset()).toBe(40)
  })

  it('cancels, as often as it is asked to', async () => {
    const { server, folder } = await open()
    const { id } = await start(server, { digest: digestOf(bytesOf(9)) })
    await server.sendChunk(id, 0, bytesOf(5))
    for (let time = 0; time < 2; time += 1) expect((await server.send('DELETE', `/v1/uploads/${id}`)).status).toBe(204)
    expect((await server.sendChunk(id, 5, bytesOf(4))).status).toBe(404)
    if (folder !== undefined) expect(readdirSync(join(folder, 'uploads'))).toEqual([])
  })

  it('keeps what was durable when the connection is cut in the middle of a chunk', async () => {
    const { server } = await open()
    const bytes = bytesOf(2_000_000)
    const { id } = await start(server, { digest: digestOf(bytes) })
    await server.sendChunk(id, 0, bytes.subarray(0, 700_000))
    for (const sent of [0, 1, 65_536, 1_200_000]) {
      const rest = bytes.subarray(700_000)
      const socket = connect(server.port, '127.0.0.1')
      await once(socket, 'connect')
      const head = `PATCH /v1/uploads/${id} HTTP/1.1\r\nHost: x\r\nUpload-Offset: 700000\r\nUpload-Checksum: ${formatChecksum(updateChecksum(rest))}\r\nContent-Length: ${rest.length}\r\n\r\n`
      await new Promise<void>((resolve) => {
        socket.write(Buffer.concat([Buffer.from(head), rest.subarray(0, sent)]), () => {
          resolve()
        })
      })
      socket.destroy()
      expect((await server.send('HEAD', `/v1/uploads/${id}`)).offset()).toBe(700_000)
    }
    expect((await server.sendChunk(id, 700_000, bytes.subarray(700_000))).status).toBe(204)
    expect((await server.send('PUT', `/v1/uploads/${id}?digest=${digestOf(bytes)}`)).status).toBe(201)
    expect((await server.send('GET', `/v1/blobs/${digestOf(bytes)}`)).body.equals(bytes)).toBe(true)
  })

  it('takes the same bytes from several clients at once', async () => {
    const { server } = await open()
    const bytes = bytesOf(400_000)
    const digest = digestOf(bytes)
    const push = async (): Promise<number> => {
      const begun = await start(server, { digest, sizeBytes: bytes.length })
      let { offset } = begun
      for (let step = 0; step < 200 && offset < bytes.length; step += 1) {
        const reply = await server.sendChunk(begun.id, offset, bytes.subarray(offset, offset + 50_000))
        if (reply.status === 404) break
        expect([204, 409]).toContain(reply.status)
        offset = reply.offset()
      }
      return (await server.send('PUT', `/v1/uploads/${begun.id}?digest=${digest}`)).status
    }
    expect(await Promise.all([push(), push(), push(), push()])).toEqual([201, 201, 201, 201])
    expect((await server.send('GET', `/v1/blobs/${digest}`)).body.equals(bytes)).toBe(true)
  })

  it('refuses headers that say nothing, twice or too much', async () => {
    const { server } = await open()
    const { id } = await start(server, { digest: digestOf(bytesOf(9)) })
    const good = { 'upload-offset': '0', 'upload-checksum': 'crc32 00000000' }
    const send = (headers: Record<string, string | string[]>) => server.send('PATCH', `/v1/uploads/${id}`, { headers: { ...good, 'content-length': '0', ...headers } })
    for (const headers of [{ 'upload-offset': '-1' }, { 'upload-offset': '0x1' }, { 'upload-offset': ['0', '0'] }, { 'upload-checksum': 'crc32 0' }, { 'upload-checksum': 'md5 00' }]) {
      expect((await send(headers)).status).toBe(400)
    }
    const tooLarge = await server.send('PATCH', `/v1/uploads/${id}`, { headers: { ...good, 'content-length': String(MAX_CHUNK_BYTES + 1), expect: '100-continue' } }).catch(() => undefined)
    expect(tooLarge?.status ?? 413).toBe(413)
    const chunked = await server.send('PATCH', `/v1/uploads/${id}`, { headers: { ...good, 'transfer-encoding': 'chunked' } })
    expect(chunked.status).toBe(400)
    expect((await server.send('HEAD', `/v1/uploads/nonsense`)).status).toBe(404)
    expect((await server.send('HEAD', `/v1/uploads/..%2f..%2fetc`)).status).toBe(404)
  })
})

describe('uploads of one token', () => {
  it('are limited in number and size', async () => {
    const server = await startByteServer(await testRegistry(temporaryFolder()), { maxUploadsPerToken: 2, maxUploadBytes: 1_000 })
    const post = (body: object, owner: string) => server.send('POST', '/v1/uploads', { body: JSON.stringify(body), headers: { 'content-type': 'application/json', 'x-owner': owner } })
    const digest = digestOf(bytesOf(1))
    expect((await post({ digest }, 'ann')).status).toBe(202)
    expect((await post({}, 'ann')).status).toBe(202)
    const third = await post({}, 'ann')
    expect([third.status, third.code()]).toEqual([429, 'TOO_MANY_REQUESTS'])
    expect((await post({ digest }, 'ann')).status).toBe(202)
    expect((await post({}, 'bob')).status).toBe(202)
    expect((await post({ sizeBytes: 1_001 }, 'bob')).status).toBe(413)
  })

  it('do not show the folder of the server in errors', async () => {
    const folder = temporaryFolder()
    const server = await startByteServer(await testRegistry(folder))
    const reply = await server.send('GET', `/v1/blobs/${digestOf(bytesOf(3))}`)
    expect([reply.status, reply.code()]).toEqual([404, 'BLOB_MISSING'])
    expect(reply.body.toString()).not.toContain(folder)
    expect(readFileSync(join(folder, 'store.json'), 'utf8')).toContain('link')
  })
})
