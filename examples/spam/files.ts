// A filter as the files of a version, and back: what training logs, serving reads.
import type { LoadedModel } from 'stemma'
import * as z from 'zod'
import { readSafetensors, writeSafetensors } from '../safetensors.js'
import type { SpamFilter } from './model.js'

/** The files of the model itself. */
export function filterFiles({ weights, bias }: SpamFilter, threshold: number): Record<string, Uint8Array | string> {
  return {
    'model.safetensors': writeSafetensors({
      weights: { shape: [weights.length], data: weights },
      bias: { shape: [1], data: Float32Array.of(bias) }
    }),
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
  const tensors = readSafetensors(await model.read('model.safetensors'))
  const filter = {
    vocabulary: new Map(words.map((word, place) => [word, place])),
    weights: Float32Array.from(tensors.get('weights')?.data ?? []),
    bias: tensors.get('bias')?.data[0] ?? 0
  }
  return { filter, threshold }
}

async function readJson(model: LoadedModel, path: string): Promise<unknown> {
  return JSON.parse(Buffer.from(await model.read(path)).toString('utf8'))
}
