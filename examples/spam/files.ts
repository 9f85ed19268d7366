// A filter as the files of a version, and back: what training logs, serving reads. The weights are in the safetensors format,
// which any other program reads too: the length of a JSON header, the header, the numbers.
import type { LoadedModel } from 'stemma'
import * as z from 'zod'
import type { SpamFilter } from './model.js'

/** The files of the model itself. */
export function filterFiles({ weights, bias }: SpamFilter, threshold: number): Record<string, Uint8Array | string> {
  const bytes = weights.byteLength
  const header = JSON.stringify({
    weights: { dtype: 'F32', shape: [weights.length], data_offsets: [0, bytes] },
    bias: { dtype: 'F32', shape: [1], data_offsets: [bytes, bytes + 4] }
  })
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const numbers = Float32Array.of(...weights, bias)
  return {
    'model.safetensors': Buffer.concat([length, Buffer.from(header), Buffer.from(numbers.buffer)]),
    'config.json': JSON.stringify({ threshold })
  }
}

/** The files that turn a mail into the model's input: they belong to it, and are stored with it. */
export function preprocessingFiles({ vocabulary }: SpamFilter): Record<string, string> {
  return { 'vocabulary.json': JSON.stringify([...vocabulary.keys()]) }
}

/** The filter of a version that was loaded. */
export async function readFilter(model: LoadedModel): Promise<{ filter: SpamFilter; threshold: number }> {
  const { threshold } = z.object({ threshold: z.number() }).parse(await readJson(model, 'config.json'))
  const words = z.array(z.string()).parse(await readJson(model, 'preprocessing/vocabulary.json'))
  const file = Buffer.from(await model.read('model.safetensors'))
  const start = 8 + Number(file.readBigUInt64LE())
  const numbers = new Float32Array(new Uint8Array(file.subarray(start)).buffer)
  const filter = {
    vocabulary: new Map(words.map((word, place) => [word, place])),
    weights: numbers.subarray(0, words.length),
    bias: numbers[words.length] ?? 0
  }
  return { filter, threshold }
}

async function readJson(model: LoadedModel, path: string): Promise<unknown> {
  return JSON.parse(Buffer.from(await model.read(path)).toString('utf8'))
}
