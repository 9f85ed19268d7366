import FormData from 'form-data'
import type { BodyPart } from './endpoint.js'

/**
 * Parts as one body of `multipart/form-data`. The form lives no longer than this call.
 *
 * @param memory room for the body, when it fits.
 */
export function encodeParts(parts: readonly BodyPart[], memory: Uint8Array | undefined): { encoded: Promise<Uint8Array>; sizeBytes: number; contentType: string } {
  const form = formOf(parts)
  const sizeBytes = form.getLengthSync()
  const encoded = encode(form, sizeBytes, memory)
  // Read later, if at all.
  encoded.catch(() => undefined)
  return { encoded, sizeBytes, contentType: `multipart/form-data; boundary=${form.getBoundary()}` }
}

/**
 * Not its `getBuffer`, which copies all parts before with each part: for a thousand of them that is most of the work. And at once: what it
 * keeps of each part would otherwise live as long as the call.
 */
function encode(form: FormData, sizeBytes: number, memory: Uint8Array | undefined): Promise<Uint8Array> {
  const bytes = memory !== undefined && memory.byteLength >= sizeBytes ? memory.subarray(0, sizeBytes) : Buffer.allocUnsafeSlow(sizeBytes)
  return new Promise((resolve, reject) => {
    let filled = 0
    form.on('data', (piece: Buffer | string) => {
      filled += typeof piece === 'string' ? Buffer.from(bytes.buffer, bytes.byteOffset + filled, sizeBytes - filled).write(piece) : copied(piece, bytes, filled)
    })
    form.on('error', reject)
    form.on('end', () => {
      resolve(bytes.subarray(0, filled))
    })
    form.resume()
  })
}

function copied(piece: Uint8Array, to: Uint8Array, at: number): number {
  to.set(piece, at)
  return piece.byteLength
}

function formOf(parts: readonly BodyPart[]): FormData {
  const form = new FormData()
  for (const { name, filename, contentType, bytes } of parts) {
    form.append(name, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { contentType, ...(filename === undefined ? {} : { filename }) })
  }
  return form
}
