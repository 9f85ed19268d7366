import type { IncomingMessage } from 'node:http'
import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import { digestSchema } from '../../schemas/digest.js'
import { parse } from '../../schemas/parse.js'
import { parseChecksum } from '../../wire/chunk-checksum.js'
import { HEADERS } from '../../wire/headers.js'
import { MAX_CHUNK_BYTES } from '../../wire/limits.js'
import { uploadBodySchema, type Upload } from '../../wire/messages.js'
import { finishQuerySchema } from '../../wire/queries.js'
import type { Call, Handler } from '../context.js'
import { readJson } from '../read-json.js'
import { sendJson, sendNothing } from '../reply.js'
import type { SentChunk, UploadCall, UploadStore } from './upload-store.js'

/** The five routes of uploads. Every reply, an error too, says in `Upload-Offset` where the client is to go on, where there is such a place. */
export function createUploadHandlers(uploads: UploadStore): Record<'startUpload' | 'uploadOffset' | 'uploadChunk' | 'finishUpload' | 'cancelUpload', Handler> {
  return {
    async startUpload(call) {
      const wanted = await readJson(call, uploadBodySchema)
      const { id, offset } = await uploads.start(wanted, callOf(call))
      const upload: Upload = { id, offset, chunkBytes: MAX_CHUNK_BYTES }
      sendJson(call.outgoing, call.route.status, upload, { location: `/v1/uploads/${id}`, ...offsetHeader(offset) })
    },
    async uploadOffset(call) {
      const offset = await uploads.offset(idOf(call), callOf(call))
      sendNothing(call.outgoing, call.route.status, offsetHeader(offset))
    },
    async uploadChunk(call) {
      const chunk = chunkOf(call.incoming)
      const offset = await tellingOffset(call, uploads.append(idOf(call), chunk, callOf(call)))
      sendNothing(call.outgoing, call.route.status, offsetHeader(offset))
    },
    async finishUpload(call) {
      const query = parse(finishQuerySchema, call.query, { what: 'the query' })
      const digest = parse(digestSchema, query.digest, { what: 'digest' })
      const stored = await tellingOffset(call, uploads.finish(idOf(call), digest, callOf(call)))
      sendJson(call.outgoing, call.route.status, stored, { location: `/v1/blobs/${stored.digest}` })
    },
    async cancelUpload(call) {
      await uploads.cancel(idOf(call), callOf(call))
      sendNothing(call.outgoing, call.route.status)
    }
  }
}

function idOf({ params }: Call): string {
  return params['id'] ?? ''
}

function callOf({ caller, signal }: Call): UploadCall {
  return { owner: caller.name, signal }
}

function offsetHeader(offset: number): Record<string, string> {
  return { [HEADERS.uploadOffset]: String(offset) }
}

/** Puts the offset that an error knows into a header, for clients that do not read the body. */
async function tellingOffset<T>({ outgoing }: Call, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const offset = isStemmaError(error) ? error.details['offset'] : undefined
    if (typeof offset === 'number' && !outgoing.headersSent) outgoing.setHeader(HEADERS.uploadOffset, String(offset))
    throw error
  }
}

/** The chunk that a request brings. @throws {StemmaError} INVALID_INPUT, TOO_LARGE */
function chunkOf(incoming: IncomingMessage): SentChunk {
  const sizeBytes = numberIn(incoming, 'content-length')
  if (sizeBytes > MAX_CHUNK_BYTES) {
    throw new StemmaError('TOO_LARGE', `the chunk has ${sizeBytes} bytes; at most ${MAX_CHUNK_BYTES} are allowed`, {
      hint: 'Send smaller chunks.',
      details: { sizeBytes, limit: MAX_CHUNK_BYTES }
    })
  }
  const checksum = parseChecksum(onlyHeader(incoming, HEADERS.uploadChecksum))
  if (checksum === undefined) {
    throw new StemmaError('INVALID_INPUT', `${HEADERS.uploadChecksum}: wanted crc32 and 8 lower-case hex digits`, { hint: 'Send the CRC-32 of the chunk.' })
  }
  return {
    start: numberIn(incoming, HEADERS.uploadOffset),
    sizeBytes,
    checksum,
    pieces: piecesOf(incoming),
    stop: (reason) => {
      incoming.destroy(isStemmaError(reason) ? reason : undefined)
    }
  }
}

/** The bytes of a body as they come. The request itself stays open when they are not read to the end, so that it can be answered. */
function piecesOf(incoming: IncomingMessage): AsyncIterable<Uint8Array> {
  return incoming.iterator({ destroyOnReturn: false })
}

function numberIn(incoming: IncomingMessage, name: string): number {
  const text = onlyHeader(incoming, name)
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new StemmaError('INVALID_INPUT', `${name}: wanted a number of bytes`, { hint: `Send the header ${name} once.` })
}

function onlyHeader({ headersDistinct }: IncomingMessage, name: string): string {
  const given = headersDistinct[name] ?? []
  return given.length === 1 ? (given[0] ?? '') : ''
}
