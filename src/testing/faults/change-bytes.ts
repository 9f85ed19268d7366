/** The same bytes, but for one, all of whose bits are turned; those that are shorter are as they were. */
export async function* corruptBytes(chunks: AsyncIterable<Uint8Array>, at: number): AsyncGenerator<Uint8Array, void, undefined> {
  let offset = 0
  for await (const chunk of chunks) {
    const place = at - offset
    offset += chunk.byteLength
    yield place < 0 || place >= chunk.byteLength ? chunk : chunk.map((byte, index) => (index === place ? byte ^ 0xff : byte))
  }
}

/** The bytes before a place. */
export async function* cutBytes(chunks: AsyncIterable<Uint8Array>, at: number): AsyncGenerator<Uint8Array, void, undefined> {
  let left = at
  for await (const chunk of chunks) {
    if (left > 0) yield chunk.subarray(0, left)
    left -= chunk.byteLength
    if (left <= 0) return
  }
}
