import { openSync, constants } from 'node:fs'
import { closeLater, handledLater, readFully } from './descriptor.js'

const CHUNK_BYTES = 1_048_576

// Not waited for: a FIFO where a file belongs must not hang the process.
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK

/**
 * The bytes of a file from `start` on, in chunks of at most 1 MiB; the next one is read while the consumer has this one. Each
 * chunk is memory of its own: the consumer may keep it.
 *
 * @throws the system's own error, ENOENT before the first byte.
 * @throws `signal.reason` when aborted.
 */
export async function* openRead(
  path: string,
  options: { start?: number | undefined; signal?: AbortSignal | undefined }
): AsyncGenerator<Uint8Array> {
  options.signal?.throwIfAborted()
  const fd = openSync(path, OPEN_FLAGS)
  let position = options.start ?? 0
  let reading = readChunk(fd, position)
  try {
    for (;;) {
      const chunk = await reading
      options.signal?.throwIfAborted()
      if (chunk.byteLength === 0) return
      position += chunk.byteLength
      reading = readChunk(fd, position)
      yield chunk
      options.signal?.throwIfAborted()
    }
  } finally {
    await Promise.allSettled([reading])
    await closeLater(fd)
  }
}

function readChunk(fd: number, position: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  return handledLater(readFully(fd, buffer, position).then((count) => buffer.subarray(0, count)))
}
