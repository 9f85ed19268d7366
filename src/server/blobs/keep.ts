import { timeSlices } from '../../io/event-loop.js'
import { keepBodySchema } from '../../wire/messages.js'
import type { Call, ServerContext } from '../context.js'
import { readJson } from '../read-json.js'
import { sendJson } from '../reply.js'
import { blobSize } from './blob-size.js'

/**
 * Answers which of some blobs have to be sent. One whose file has another size than was said counts as not there: the same bytes, put again,
 * take its place.
 *
 * @throws {StemmaError} INVALID_INPUT; as `Backend.keepBlobs`.
 */
export async function keep(call: Call, { backend, sources }: Pick<ServerContext, 'backend' | 'sources'>): Promise<void> {
  const { digests, sizes = [] } = await readJson(call, keepBodySchema)
  const kept = await backend.keepBlobs(digests, { signal: call.signal })
  const pause = timeSlices(sources)
  const missing: string[] = []
  for (const [index, digest] of digests.entries()) {
    const wanted = sizes[index]
    // Where the bytes lie elsewhere they would have to be read to be counted.
    const isWhole = kept[index] === true && (wanted === undefined || backend.localBlobPath(digest) === undefined || (await blobSize(backend, digest, call.signal)) === wanted)
    if (!isWhole) missing.push(digest)
    await pause()
  }
  sendJson(call.outgoing, call.route.status, { missing })
}
