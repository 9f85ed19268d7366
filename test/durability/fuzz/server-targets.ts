import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { parse } from '../../../src/schemas/parse.js'
import { searchPositionSchema } from '../../../src/schemas/search.js'
import { hasTag, readRange } from '../../../src/server/blobs/read-range.js'
import { checkAllowedHost, shownHost } from '../../../src/server/hosts.js'
import { readCursor } from '../../../src/server/json/page.js'
import { readBoundary, readDisposition } from '../../../src/server/multipart/content-disposition.js'
import { readParts } from '../../../src/server/multipart/read-parts.js'
import { readExpiry } from '../../../src/server/token-expiry.js'
import { readTokenFile } from '../../../src/server/token-source.js'
import { tokenRecordSchema } from '../../../src/server/tokens.js'
import { createUploadHandlers } from '../../../src/server/uploads/upload-handlers.js'
import { readUploadId, uploadIdFor } from '../../../src/server/uploads/upload-id.js'
import { formatRecordLine, formatSizeLine, readRecord, readSize } from '../../../src/server/uploads/upload-record.js'
import type { UploadStore } from '../../../src/server/uploads/upload-store.js'
import { parseJsonStrictly } from '../../../src/record/parse-json.js'
import { systemSources } from '../../../src/util/sources.js'
import { formatChecksum } from '../../../src/wire/chunk-checksum.js'
import { JSON_LIMITS, MAX_CHUNK_BYTES } from '../../../src/wire/limits.js'
import { createVersionBodySchema, publishMetadataSchema, searchBodySchema, transitionBodySchema, uploadBodySchema } from '../../../src/wire/messages.js'
import { ROUTES } from '../../../src/wire/routes.js'
import { createRequest } from '../../record/journal-fixture.js'
import { bytesTarget, hold, MAX_HEADER_LENGTH, textTarget, type Target } from './target.js'

const SIZE = 1_000
const NOW_MS = Date.UTC(2026, 0, 1)
const DIGEST = `sha256:${'a'.repeat(64)}` as const
const UPLOAD = uploadIdFor('ci', DIGEST, systemSources)
const CONTENT_TYPE = 'multipart/form-data; boundary=stemma'
const PARTS = [
  '--stemma\r\nContent-Disposition: form-data; name="metadata"\r\nContent-Type: application/json\r\n\r\n{"name":"m"}\r\n--stemma\r\nContent-Disposition: form-data; name="artifact"; filename="a/b.bin"\r\n\r\nbytes\r\n\r\n-\r\n--stemma--\r\n',
  '--stemma\r\nContent-Disposition: form-data; name="x"\r\nContent-Transfer-Encoding: binary\r\n\r\n\r\n--stemma--\r\nepilogue'
]
const BODIES = { create: createVersionBodySchema, publish: publishMetadataSchema, search: searchBodySchema, transition: transitionBodySchema, upload: uploadBodySchema }
const SAMPLES: Readonly<Record<keyof typeof BODIES, readonly unknown[]>> = {
  create: [{ ...createRequest(), manifest: DIGEST }],
  publish: [{ name: 'm', metrics: { auc: 0.9 }, tags: { a: 'b' }, evaluations: [{ slice: 'a', metrics: { auc: 1 } }], datasets: [{ name: 'loans', digest: 'md5:ab' }] }],
  search: [{ where: { stage: 'production' }, orderBy: 'name', limit: 3, pageSize: 2, cursor: 'abc' }],
  transition: [{ reference: 'm@1.0.0', stage: 'production', audience: 'berlin', reason: 'r', expectedCurrent: null }],
  upload: [{ digest: DIGEST, sizeBytes: 12 }]
}
const RECORDS = [
  { name: 'ci', scopes: ['write', 'promote'], sha256: 'a'.repeat(64), createdAt: '2026-01-01T00:00:00.000Z', expiresAt: '2027-01-01T00:00:00.000Z' },
  { name: 'reader.1', scopes: ['read'], sha256: '0'.repeat(64), createdAt: '2026-01-01T00:00:00.000Z' }
]
const CHUNKS = [{ start: 0, end: 10, checksum: 1 }, { start: 10, end: 25, checksum: 0xffffffff }, { start: 30, end: 31, checksum: 0 }]

/** The parsers of requests, and of the server's own files. @param folder for those that are read by their path. */
export function serverTargets(folder: string): Target[] {
  const tokens = join(folder, 'tokens.json')
  writeFileSync(tokens, '', { mode: 0o600 })
  return [
    textTarget('Range', ['bytes=0-', 'bytes=100-199', 'bytes=-5', 'bytes=0-0,5-9', 'BYTES= 1- '], (header) => {
      const range = readRange(header, SIZE)
      if (range.kind === 'part') hold(Number.isInteger(range.start) && range.start >= 0 && range.start < range.end && range.end <= SIZE, 'a part is one of the blob')
      return [range, hasTag(header, `"${DIGEST}"`)]
    }, MAX_HEADER_LENGTH),
    textTarget('headers of a chunk', [`5\n3\n${formatChecksum(crc32('abc'))}`, `0\n0\n${formatChecksum(0)}`, `12\n33554432\n${formatChecksum(0xffffffff)}`], readChunk, MAX_HEADER_LENGTH),
    bytesTarget('Content-Disposition', ['form-data; name="artifact"; filename="a/ü b.bin"', 'form-data; name=metadata', 'Form-Data;name="";filename*=x'], (bytes) => {
      const { name, filename = '' } = readDisposition(bytes.toString('latin1'))
      hold(!/["\r\n]/.test(name + filename), 'no quotation mark and no line break is in a name')
      return { name, filename }
    }, MAX_HEADER_LENGTH),
    textTarget('boundary', [CONTENT_TYPE, 'multipart/form-data; boundary="a b c"', 'Multipart/Form-Data;boundary=----x'], (header) => {
      const boundary = readBoundary(header)
      hold(boundary.length >= 1 && boundary.length <= 70, 'a boundary has a length')
      return boundary
    }, MAX_HEADER_LENGTH),
    bytesTarget('multipart body', PARTS, async (bytes) => {
      const incoming = messageOf({ 'content-type': CONTENT_TYPE })
      const half = Math.floor(bytes.length / 2)
      for (const piece of [bytes.subarray(0, half), bytes.subarray(half)]) if (piece.length > 0) incoming.push(piece)
      incoming.push(null)
      let received = 0
      const names: string[] = []
      for await (const part of readParts(incoming, { parts: 20, bytes: 1_000_000 }, new AbortController().signal)) {
        names.push(part.name)
        for await (const piece of part.bytes) received += piece.byteLength
      }
      hold(received <= bytes.length && names.length <= 20, 'parts have no more than the body')
      return names
    }),
    textTarget('id of an upload', [UPLOAD, uploadIdFor('ci', undefined, systemSources)], (text) => {
      const id = readUploadId(text, 'ci')
      if (id?.digest !== undefined) hold(uploadIdFor('ci', id.digest, systemSources) === text, 'an id comes back from its digest')
      return id
    }, MAX_HEADER_LENGTH),
    bytesTarget('record of an upload', [formatSizeLine(UPLOAD, 31) + CHUNKS.map((chunk) => formatRecordLine(UPLOAD, chunk)).join('')], (bytes) => {
      const chunks = readRecord(UPLOAD, bytes)
      hold(chunks.every(({ start, end }, index) => start === (chunks[index - 1]?.end ?? 0) && end > start), 'chunks join from the first byte on')
      hold(chunks.every(({ start, end, checksum }) => CHUNKS.some((known) => known.start === start && known.end === end && known.checksum === checksum)), 'only what was written is read')
      hold([undefined, 31].includes(readSize(UPLOAD, bytes)), 'only the size that was written is read')
      return chunks
    }),
    bytesTarget('token file', [JSON.stringify(RECORDS, undefined, 2), '[]'], async (bytes) => {
      writeFileSync(tokens, bytes)
      const { records } = await readTokenFile(tokens, {})
      return records.map((record) => tokenRecordSchema.parse(record))
    }),
    textTarget('end of a token', ['90d', '12h', '2027-01-31', '2027-01-31T18:00:00+01:00'], (text) => {
      const end = readExpiry(text, NOW_MS)
      hold(Date.parse(end) > NOW_MS && /^\d{4}-/.test(end), 'an end is ahead')
      return end
    }, 1_000),
    textTarget('Host', ['registry.example.org:8443', '[::1]:80', 'localhost', '127.0.0.1'], (text) => {
      hold(/^[A-Za-z0-9._:[\]?<>-]+…?$/.test(shownHost(text)), 'a shown host has plain characters')
      checkAllowedHost(text)
      return text
    }, MAX_HEADER_LENGTH),
    textTarget('cursor', [cursorOf({ keys: ['a', 1, null, true], name: 'm', sequence: 3 }), cursorOf({ keys: [], name: 'ü', sequence: 0 })], (text) => readCursor(text, searchPositionSchema), MAX_HEADER_LENGTH),
    bytesTarget('cursor with its encoding', [JSON.stringify({ keys: ['a', 1, null], name: 'm', sequence: 3 })], (bytes) => readCursor(bytes.toString('base64url'), searchPositionSchema), MAX_HEADER_LENGTH),
    ...(['create', 'publish', 'search', 'transition', 'upload'] as const).map((kind) =>
      bytesTarget(`body of ${kind}`, SAMPLES[kind].map((sample) => JSON.stringify(sample)), (bytes) => parse(BODIES[kind], parseJsonStrictly(bytes, 'the body', JSON_LIMITS), { what: 'the body' }))
    )
  ]
}

function cursorOf(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function messageOf(headers: Readonly<Record<string, string>>): IncomingMessage {
  const incoming = new IncomingMessage(new Socket())
  for (const [name, value] of Object.entries(headers)) {
    incoming.headers[name] = value
    incoming.headersDistinct[name] = [value]
  }
  return incoming
}

/** Three headers, one in a line, as the handler of a chunk gets them. */
async function readChunk(text: string): Promise<unknown> {
  const [offset = '', length = '', checksum = ''] = text.split('\n')
  const incoming = messageOf({ 'upload-offset': offset, 'content-length': length, 'upload-checksum': checksum })
  let chunk: unknown
  const unused = (): never => {
    throw new Error('another method was called')
  }
  const store: UploadStore = {
    start: unused, offset: unused, finish: unused, cancel: unused, openUploads: unused, close: unused,
    append: (_id, { start, sizeBytes, checksum }) => {
      hold(Number.isSafeInteger(start) && Number.isSafeInteger(sizeBytes) && sizeBytes <= MAX_CHUNK_BYTES && checksum >= 0 && checksum <= 0xffffffff, 'a chunk has numbers')
      chunk = [start, sizeBytes, checksum]
      return Promise.resolve(start)
    }
  }
  await createUploadHandlers(store).uploadChunk({
    name: 'uploadChunk', route: ROUTES.uploadChunk, incoming, outgoing: new ServerResponse(incoming), params: { id: UPLOAD }, query: undefined, requestId: 'r',
    caller: { name: 'ci', scopes: ['write'] }, operationId: undefined, signal: new AbortController().signal
  })
  return chunk
}
