// The safetensors format, which most other programs read too: the length of a JSON header, the header, the numbers.
import * as z from 'zod'

/** A tensor, as its numbers. */
export interface Tensor {
  shape: number[]
  data: Float32Array | Int8Array
}

const headerSchema = z.record(z.string(), z.object({
  dtype: z.enum(['F32', 'I8']),
  shape: z.array(z.number()),
  data_offsets: z.tuple([z.number(), z.number()])
}))

/** Tensors as the bytes of a file. */
export function writeSafetensors(tensors: Record<string, Tensor>): Buffer {
  let end = 0
  const header = Object.entries(tensors).map(([name, { shape, data }]) => {
    const start = end
    end += data.byteLength
    return [name, { dtype: data instanceof Int8Array ? 'I8' : 'F32', shape, data_offsets: [start, end] }]
  })
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const parts = Object.values(tensors).map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return Buffer.concat([length, text, ...parts])
}

/** The tensors of a file, by name. */
export function readSafetensors(bytes: Uint8Array): ReadonlyMap<string, Tensor> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = 8 + Number(file.readBigUInt64LE())
  const header = headerSchema.parse(JSON.parse(file.toString('utf8', 8, start)))
  return new Map(Object.entries(header).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
    const { buffer } = new Uint8Array(file.subarray(start + from, start + to)) // a copy: numbers must be aligned
    return [name, { shape, data: dtype === 'I8' ? new Int8Array(buffer) : new Float32Array(buffer) }]
  }))
}
