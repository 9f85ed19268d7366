import { describe, expect, it } from 'vitest'
import { openBlob } from '../../../../src/backends/http/bytes/open-blob.js'
import type { BytesCall, BytesReply } from '../../../../src/transport/endpoint.js'
import type { Transport } from '../../../../src/transport/transport.js'
import { sha256Hex } from '../../../../src/util/sha256.js'

const BYTES = Buffer.from('0123456789')
const DIGEST = `sha256:${sha256Hex(BYTES)}` as const

interface Answered {
  transport: Pick<Transport, 'bytes'>
  calls: BytesCall[]
  cancelled: () => number
}

/** A registry that gives one answer, in pieces of three bytes. */
function answering(status: number, headers: Record<string, string>, body: Uint8Array = BYTES): Answered {
  const calls: BytesCall[] = []
  let cancelled = 0
  // eslint-disable-next-line @typescript-eslint/require-await
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < body.byteLength; start += 3) yield body.subarray(start, start + 3)
  }
  const bytes = (_: unknown, call: BytesCall): Promise<BytesReply> => {
    calls.push(call)
    return Promise.resolve({ status, headers, body: pieces(), cancel: () => cancelled++ })
  }
  return { transport: { bytes }, calls, cancelled: () => cancelled }
}

async function read({ transport }: Answered, start = 0): Promise<string> {
  const all: Uint8Array[] = []
  for await (const chunk of openBlob({ transport: { ...NO_TRANSPORT, ...transport } }, DIGEST, { start })) all.push(chunk)
  return Buffer.concat(all).toString()
}

const refuse = (): never => {
  throw new Error('not asked for')
}
const NO_TRANSPORT: Transport = { location: '', json: refuse, bytes: refuse, send: refuse, events: refuse, isOutOfReach: refuse, close: refuse }

const range = (text: string, length: number): Record<string, string> => ({ 'content-range': text, 'content-length': String(length) })

describe('openBlob over HTTP', () => {
  it('asks for the whole, and for the rest of these very bytes', async () => {
    const whole = answering(200, { 'content-length': '10' })
    expect(await read(whole)).toBe('0123456789')
    expect(whole.calls[0]).toMatchObject({ parameters: { digest: DIGEST }, headers: {}, isVerified: true })
    expect(whole.cancelled()).toBe(1)

    const rest = answering(206, range('bytes 4-9/10', 6), BYTES.subarray(4))
    expect(await read(rest, 4)).toBe('456789')
    expect(rest.calls[0]?.headers).toEqual({ range: 'bytes=4-', 'if-range': `"${DIGEST}"` })
  })

  it('passes over what is there already when the whole comes', async () => {
    for (const start of [1, 3, 4, 9, 10]) expect(await read(answering(200, { 'content-length': '10' }), start)).toBe('0123456789'.slice(start))
  })

  it('takes the end of the blob for what it is', async () => {
    expect(await read(answering(416, { 'content-range': 'bytes */10' }, new Uint8Array()), 10)).toBe('')
    for (const contentRange of ['bytes */4', '']) {
      await expect(read(answering(416, { 'content-range': contentRange }, new Uint8Array()), 10)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
    }
    await expect(read(answering(200, { 'content-length': '10' }), 11)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
  })

  it('refuses another range than it asked for, and replies of no known length', async () => {
    for (const [text, length] of [['bytes 3-9/10', 7], ['bytes 4-8/10', 5], ['bytes 4-9/*', 6], ['bytes 4-9/10', 7], ['4-9/10', 6], ['', 6]] as const) {
      await expect(read(answering(206, range(text, length), BYTES.subarray(4)), 4), text).rejects.toMatchObject({ code: 'PROTOCOL_ERROR', retryable: false })
    }
    await expect(read(answering(200, {}))).rejects.toMatchObject({ code: 'PROTOCOL_ERROR' })
  })

  it('can be gone on with when the reply ends early, and ends at once when it is too long', async () => {
    await expect(read(answering(200, { 'content-length': '12' }))).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE', retryable: true })
    const tooLong = answering(200, { 'content-length': '5' })
    await expect(read(tooLong)).rejects.toMatchObject({ code: 'PROTOCOL_ERROR' })
    expect(tooLong.cancelled()).toBe(1)
  })

  it('gives the connection up when the reader stops', async () => {
    const answer = answering(200, { 'content-length': '10' })
    for await (const chunk of openBlob({ transport: { ...NO_TRANSPORT, ...answer.transport } }, DIGEST, {})) {
      expect(Buffer.from(chunk).toString()).toBe('012')
      break
    }
    expect(answer.cancelled()).toBe(1)
  })
})
