import type { ServerResponse } from 'node:http'
import { handledLater, readFully } from '../../io/descriptor.js'

/** Three buffers of one size: one is read into, and two may be on their way out. */
type Buffers = readonly [Uint8Array, Uint8Array, Uint8Array]

const LARGE_BYTES = 1_048_576
const SMALL_BYTES = 131_072
/** So many downloads at a time get large buffers, and so may be fast; many at once share the network, and need none. */
const MAX_LARGE = 12

let largeInUse = 0
const spare: Buffers[] = []

/**
 * Sends bytes of an open file as the body of a reply, from buffers that are used again: a buffer is written to only after the write of
 * what it held was called back. Memory is bounded, whatever the sizes and the pace of the client.
 *
 * @throws the reason of the signal when the client goes away; the system's own error when the file cannot be read, or ended early.
 */
export async function sendFile(outgoing: ServerResponse, fd: number, range: { start: number; end: number }, signal: AbortSignal): Promise<void> {
  const isLarge = range.end - range.start > SMALL_BYTES && largeInUse < MAX_LARGE
  if (!isLarge) return sendFrom(outgoing, fd, range, signal, buffersOf(Math.min(SMALL_BYTES, range.end - range.start)))
  largeInUse += 1
  const buffers = spare.pop() ?? buffersOf(LARGE_BYTES)
  try {
    await sendFrom(outgoing, fd, range, signal, buffers)
    // Only now it is known that the system needs none of them any more: those of a reply that was cut are left alone.
    spare.push(buffers)
  } finally {
    largeInUse -= 1
  }
}

function buffersOf(sizeBytes: number): Buffers {
  return [Buffer.allocUnsafeSlow(sizeBytes), Buffer.allocUnsafeSlow(sizeBytes), Buffer.allocUnsafeSlow(sizeBytes)]
}

async function sendFrom(outgoing: ServerResponse, fd: number, range: { start: number; end: number }, signal: AbortSignal, buffers: Buffers): Promise<void> {
  const writes: [Promise<void>, Promise<void>, Promise<void>] = [Promise.resolve(), Promise.resolve(), Promise.resolve()]
  let position = range.start
  for (let turn = 0; position < range.end; turn = (turn + 1) % 3) {
    const at = turn === 0 ? 0 : turn === 1 ? 1 : 2
    const buffer = buffers[at]
    await writes[at]
    signal.throwIfAborted()
    const wanted = Math.min(buffer.byteLength, range.end - position)
    const count = await readFully(fd, buffer.subarray(0, wanted), position)
    if (count < wanted) throw new Error(`the file ended at ${position + count}, before ${range.end}`)
    signal.throwIfAborted()
    writes[at] = handledLater(written(outgoing, buffer.subarray(0, count), signal))
    position += count
  }
  await Promise.all(writes)
}

/** Resolves when the system has taken the bytes. */
function written(outgoing: ServerResponse, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    outgoing.write(bytes, (error) => {
      signal.removeEventListener('abort', onAbort)
      if (error) reject(error)
      else resolve()
    })
  })
}
