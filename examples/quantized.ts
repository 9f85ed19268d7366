// A model and its smaller copy: `tsx examples/quantized.ts`. Trains the spam filter, turns its 32-bit weights into 8-bit ones, logs
// the result as made from the first, and shows what it costs: fewer bytes, how much less right, and the way back to the data.
import { compare, getModel, lineage, logModel, toMermaid, type ModelVersion } from 'stemma'
import { percent, runAsProgram } from './program.js'
import { evaluate, THRESHOLD } from './spam/evaluate.js'
import { preprocessingFiles, readFilter } from './spam/files.js'
import type { SpamFilter } from './spam/model.js'
import { train } from './spam/train.js'
import { readSafetensors, writeSafetensors, type Tensor } from './safetensors.js'

/** A weight is `scale` times a whole number from -127 to 127. */
export function quantize(weights: Float32Array): { whole: Int8Array; scale: number } {
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0)
  const scale = Math.fround(largest / 127) || 1
  return { whole: Int8Array.from(weights, (weight) => Math.max(-127, Math.min(127, Math.round(weight / scale)))), scale }
}

/** The filter of `model.safetensors` as {@link logQuantized} writes it. */
export function dequantize(file: Uint8Array, vocabulary: SpamFilter['vocabulary']): SpamFilter {
  const tensors = readSafetensors(file)
  const scale = tensors.get('scale')?.data[0] ?? NaN
  return { vocabulary, weights: Float32Array.from(tensors.get('weights')?.data ?? [], (whole) => whole * scale), bias: tensors.get('bias')?.data[0] ?? NaN }
}

/** Quantizes a version of `spam` and logs the result as a version of `spam-int8`. */
export async function logQuantized(reference: string): Promise<ModelVersion> {
  const base = await getModel(reference)
  const { filter } = await readFilter(base)
  const { whole, scale } = quantize(filter.weights)
  const tensor = (data: Tensor['data']): Tensor => ({ shape: [data.length], data })
  const file = writeSafetensors({ weights: tensor(whole), scale: tensor(Float32Array.of(scale)), bias: tensor(Float32Array.of(filter.bias)) })
  return logModel({
    name: 'spam-int8',
    artifacts: { 'model.safetensors': file, 'config.json': JSON.stringify({ threshold: THRESHOLD }) },
    preprocessing: preprocessingFiles(filter),
    derivedFrom: { model: reference, relation: 'quantized' }, // pinned to the digest of the version that it means now
    params: { scheme: 'symmetric, one scale for all weights', bits: 8 },
    ...evaluate(dequantize(file, filter.vocabulary)), // measured as it will be used, not as it was before
    tags: { precision: 'int8' }
  }, { actor: 'quantization' })
}

await runAsProgram(import.meta.url, async () => {
  const base = await train('everything')
  const small = await logQuantized(`spam@${base.version}`)
  const { a, b, artifacts, metrics, evaluations } = await compare(`spam@${base.version}`, `spam-int8@${small.version}`)

  console.log(`${a.name}@${a.version} → ${b.name}@${b.version}\n`)
  for (const { path, a: before, b: after } of artifacts.changed) {
    console.log(`${path}: ${before.sizeBytes} → ${after.sizeBytes} bytes, ${percent(after.sizeBytes / before.sizeBytes)} of it`)
  }
  console.log(`${artifacts.unchangedCount} files are the same, and stored once`)
  const whole = metrics.filter(({ field }) => field !== 'loss').map((difference) => ({ ...difference, slice: 'all mails', metric: difference.field }))
  for (const { slice = 'all mails', metric, a: before = NaN, b: after = NaN } of [...whole, ...evaluations]) {
    console.log(`${slice}, ${metric}: ${before.toFixed(6)} → ${after.toFixed(6)}`)
  }
  console.log('every other result is the same')

  console.log(`\n${toMermaid(await lineage(`spam-int8@${small.version}`))}`)
})
