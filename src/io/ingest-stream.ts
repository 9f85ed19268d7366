import { types } from 'node:util'
import { createHash, type Hash } from 'node:crypto'
import { isStemmaError, StemmaError } from '../errors/stemma-error.js'
import type { CopiedSource } from './store-fs.js'
import { createFile, handledLater, syncContent, writeFully } from './descriptor.js'
import { createBackgroundSync, type LargeOptions } from './ingest-large.js'
import { sourceUnreadable } from './open-source.js'
import type { Ingested } from './store-fs.js'

const BUFFER_BYTES = 524_288

/** A {@link ByteSource} that is a stream, or so many bytes that they are handled as one. */
export type StreamSource = Exclude<CopiedSource, { kind: 'file' }>

/**
 * Writes a stream to a new target and hashes the bytes written. Strings count as UTF-8. Chunks are gathered in buffers of our
 * own: a producer, or the owner of an array, may use its memory again before the disk has it.
 *
 * @throws {StemmaError} SOURCE_UNREADABLE when the stream fails, with its error as cause; the system's own error for the target.
 * @throws `signal.reason` when aborted, also while the stream has nothing to give.
 */
export async function ingestStream(
  source: StreamSource,
  target: string,
  options: LargeOptions & { signal?: AbortSignal | undefined }
): Promise<Ingested> {
  let ingested: Ingested | undefined
  await createFile(target, options.mode, async (fd) => {
    ingested = await drain(source, fd, options)
    if (options.sync) await syncContent(fd)
  })
  // Unreachable: createFile returns only after it has filled the file.
  if (ingested === undefined) throw new TypeError('nothing was ingested')
  return ingested
}

/** What a target holds already when a stream goes on with it. */
export interface BegunTarget {
  /** Has seen the bytes that are there. */
  sha256: Hash
  sizeBytes: number
}

/** Writes a stream to where a descriptor stands, and gives the size and digest of all that the file then holds. Syncs nothing at the end. */
export async function drain(
  source: StreamSource,
  target: number,
  options: LargeOptions & { signal?: AbortSignal | undefined },
  begun: BegunTarget = { sha256: createHash('sha256'), sizeBytes: 0 }
): Promise<Ingested> {
  const { sha256 } = begun
  const background = createBackgroundSync(target, options.sync)
  let filling = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  let spare = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  let filled = 0
  let { sizeBytes } = begun
  let writing: Promise<void> | undefined

  const flush = async (): Promise<void> => {
    options.check()
    await writing
    const chunk = filling.subarray(0, filled)
    writing = handledLater(writeFully(target, chunk))
    sha256.update(chunk)
    sizeBytes += filled
    filled = 0
    ;[filling, spare] = [spare, filling]
    background.wrote(sizeBytes)
    options.onBytes(sizeBytes)
  }

  try {
    for await (const bytes of chunksOf(source, options.signal)) {
      for (let taken = 0; taken < bytes.byteLength; ) {
        const part = bytes.subarray(taken, taken + BUFFER_BYTES - filled)
        filling.set(part, filled)
        filled += part.byteLength
        taken += part.byteLength
        if (filled === BUFFER_BYTES) await flush()
      }
    }
    if (filled > 0) await flush()
    await writing
    await background.done()
    return { sha256: sha256.digest('hex'), sizeBytes }
  } finally {
    await Promise.allSettled([writing, background.done()])
  }
}

/**
 * The chunks of a stream as bytes. When the consumer stops, so is the producer.
 *
 * @throws {StemmaError} SOURCE_UNREADABLE when the stream fails, with its error as cause.
 * @throws `signal.reason` when aborted, also while the stream has nothing to give.
 */
export async function* chunksOf(source: StreamSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  if (source.kind === 'bytes') {
    yield source.bytes
    return
  }
  const iterator = iteratorOf(source)
  const waiting = interruptible(signal)
  let ended = false
  try {
    for (;;) {
      const result = await nextOf(source, iterator, signal, waiting)
      ended = result.done === true
      if (result.done === true) return
      yield toBytes(source, result.value)
    }
  } finally {
    waiting.end()
    // Tells the producer to stop. Not awaited: a generator that waits for something answers only after that.
    if (!ended) iterator.return?.().catch(() => undefined)
  }
}

function iteratorOf(source: Extract<StreamSource, { kind: 'stream' }>): AsyncIterator<Uint8Array | string> {
  try {
    return source.stream[Symbol.asyncIterator]()
  } catch (error) {
    throw sourceUnreadable(source, error)
  }
}

/** A producer without types can give anything. */
function resultOf<T>(result: IteratorResult<T>): IteratorResult<T> {
  const given: unknown = result
  if (typeof given !== 'object' || given === null) throw new TypeError('its iterator gave no result')
  return result
}

async function nextOf<T>(
  source: StreamSource,
  iterator: AsyncIterator<T>,
  signal: AbortSignal | undefined,
  waiting: Interruptible
): Promise<IteratorResult<T>> {
  signal?.throwIfAborted()
  try {
    return resultOf(await waiting.wait(iterator.next()))
  } catch (error) {
    signal?.throwIfAborted()
    if (isStemmaError(error) || (types.isNativeError(error) && error.name === 'AbortError')) throw error
    throw sourceUnreadable(source, error)
  }
}

/** Waits, for one thing at a time, that an abort ends. */
interface Interruptible {
  wait<T>(promise: PromiseLike<T> | T): Promise<T>
  end(): void
}

/** One listener for a whole stream: one for each chunk costs more than to hash the chunk. */
function interruptible(signal: AbortSignal | undefined): Interruptible {
  let interrupt: ((reason: Error) => void) | undefined
  const onAbort = (): void => interrupt?.(signal?.reason as Error)
  signal?.addEventListener('abort', onAbort, { once: true })
  return {
    wait: (promise) =>
      new Promise((resolve, reject) => {
        interrupt = reject
        // The producer itself may have aborted, before it gave its answer: then no event follows.
        if (signal?.aborted === true) onAbort()
        Promise.resolve(promise).then(resolve, reject)
      }),
    end() {
      signal?.removeEventListener('abort', onAbort)
    }
  }
}

const encoder = new TextEncoder()

/** The bytes of a chunk, a string being UTF-8. @throws {StemmaError} SOURCE_UNREADABLE for anything else. */
export function toBytes(source: StreamSource, chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return encoder.encode(chunk)
  if (types.isUint8Array(chunk)) return chunk
  throw new StemmaError('SOURCE_UNREADABLE', `${source.label} is a stream of ${typeof chunk} values, and only bytes and strings can be stored`, {
    hint: 'Pass a stream of Uint8Array or string chunks.',
    details: { path: source.label, found: typeof chunk }
  })
}
