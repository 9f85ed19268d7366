import { StemmaError } from '../../../errors/stemma-error.js'
import { formatChecksum } from '../../../wire/chunk-checksum.js'
import { HEADERS } from '../../../wire/headers.js'
import { ROUTES } from '../../../wire/routes.js'
import { BYTES_PATIENCE, type BytesContext } from './bytes-context.js'

/** What is sent where. */
export interface ChunkToSend {
  id: string
  position: number
  bytes: Uint8Array
  /** The CRC-32 of the bytes. */
  checksum: number
  signal: AbortSignal | undefined
  /** So many bytes of the chunk went out; fewer than before when it is sent again. */
  onSent: (bytes: number) => void
}

/** Where the upload is now; `gone` when there is no such upload any more. `error` says why a chunk was not taken. */
export type ChunkAnswer = { kind: 'offset'; offset: number; error: StemmaError | undefined } | { kind: 'gone'; error: StemmaError | undefined }

/** Sends one chunk, and says how far the registry's durable bytes reach now, whether it took the chunk or not. */
export async function sendChunk({ transport }: BytesContext, chunk: ChunkToSend): Promise<ChunkAnswer> {
  const { id, position, bytes, checksum, signal, onSent } = chunk
  let sent = 0
  const reply = await transport.send(ROUTES.uploadChunk, {
    parameters: { id },
    headers: { [HEADERS.uploadOffset]: String(position), [HEADERS.uploadChecksum]: formatChecksum(checksum) },
    body: { kind: 'bytes', bytes },
    statuses: [204, 400, 404, 409, 422],
    patience: BYTES_PATIENCE,
    signal,
    onSent: (count) => {
      // Those of a repeated attempt count again.
      sent = sent + count > bytes.byteLength ? count : sent + count
      onSent(sent)
    }
  })
  const { error } = reply
  if (reply.status === 404) return { kind: 'gone', error }
  const offset = offsetIn(reply.headers[HEADERS.uploadOffset])
  if (reply.status === 409 && offset !== undefined) return { kind: 'offset', offset, error }
  if (error !== undefined) {
    if (!error.retryable) throw error
    return { kind: 'offset', offset: offset ?? position, error }
  }
  if (reply.status === 204 && offset === position + bytes.byteLength) return { kind: 'offset', offset, error: undefined }
  throw new StemmaError('PROTOCOL_ERROR', `the registry took ${bytes.byteLength} bytes at ${position} and says that it has ${offset ?? 'nothing'}`, {
    hint: 'Check that the address is that of a stemma registry, and that no proxy removes headers.',
    details: { status: reply.status, offset, position }
  })
}

function offsetIn(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined
}

/** Counts answers that brought an upload no further, and waits a little longer after each; and how often it went back. */
export interface Endurance {
  /**
   * Notes where the registry says that the upload is. A registry that lost bytes goes back, now and then.
   *
   * @throws {StemmaError} PROTOCOL_ERROR for one that goes back again and again, and would have its client send for ever.
   */
  at(offset: number): void
  /** @throws the error of the answer, when there were too many in a row. */
  after(isFurther: boolean, error: StemmaError | undefined, signal: AbortSignal | undefined): Promise<void>
}

const MAX_FRUITLESS = 6
const MAX_SETBACKS = 20
const FIRST_DELAY_MS = 50

/** See {@link Endurance}. */
export function createEndurance({ sources }: BytesContext): Endurance {
  let fruitless = 0
  let setbacks = 0
  let last = 0
  return {
    at(offset) {
      if (offset < last) setbacks += 1
      if (setbacks > MAX_SETBACKS) throw goesBack(last, offset)
      last = offset
    },
    async after(isFurther, error, signal) {
      fruitless = isFurther ? 0 : fruitless + 1
      if (fruitless === 0) return
      if (fruitless > MAX_FRUITLESS) throw error ?? noFurther()
      await sources.sleep(FIRST_DELAY_MS * 2 ** (fruitless - 1), signal)
    }
  }
}

function noFurther(): StemmaError {
  return new StemmaError('REGISTRY_UNAVAILABLE', `the registry did not take an upload any further, ${MAX_FRUITLESS} times in a row`, {
    hint: 'Try again later: what it has stays there.'
  })
}

function goesBack(from: number, to: number): StemmaError {
  const message = `the registry went back ${MAX_SETBACKS + 1} times in one upload, the last time from ${from} bytes that it had to ${to}`
  return new StemmaError('PROTOCOL_ERROR', message, {
    hint: 'Check the disk of the registry, and that the address leads to one registry alone.',
    details: { from, to, limit: MAX_SETBACKS }
  })
}
