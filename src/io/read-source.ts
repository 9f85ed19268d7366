import { closeSync } from 'node:fs'
import { isStemmaError } from '../errors/stemma-error.js'
import type { ByteSource } from './byte-source.js'
import { readFully } from './descriptor.js'
import { toBytes } from './ingest-stream.js'
import { isUnchanged, openSource, sourceChanged, sourceUnreadable, type FileSource } from './open-source.js'

const ATTEMPTS = 3

/**
 * All bytes of a source, in memory: for stores that hold them there.
 *
 * @throws {StemmaError} SOURCE_CHANGED, SOURCE_UNREADABLE, SOURCE_UNSUPPORTED.
 */
export async function readSource(source: ByteSource, signal?: AbortSignal): Promise<Uint8Array> {
  switch (source.kind) {
    case 'bytes':
      return new Uint8Array(source.bytes)
    case 'stream':
      return readStream(source, signal)
    case 'file':
    case 'owned-file':
      return readFile({ ...source, kind: 'file' }, signal)
  }
}

async function readStream(source: Extract<ByteSource, { kind: 'stream' }>, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of source.stream) {
      signal?.throwIfAborted()
      chunks.push(toBytes(source, chunk))
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw isStemmaError(error) ? error : sourceUnreadable(source, error)
  }
  return Buffer.concat(chunks)
}

async function readFile(source: FileSource, signal: AbortSignal | undefined): Promise<Uint8Array> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    signal?.throwIfAborted()
    const open = openSource(source)
    try {
      const bytes = new Uint8Array(open.sizeBytes)
      const length = await readFully(open.fd, bytes, 0)
      if (length === open.sizeBytes && isUnchanged(source, open)) return bytes
    } catch (error) {
      throw sourceUnreadable(source, error)
    } finally {
      closeSync(open.fd)
    }
  }
  throw sourceChanged(source, ATTEMPTS)
}
