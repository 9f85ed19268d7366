import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dequantize, quantize } from '../../examples/quantized.js'
import { readSafetensors, writeSafetensors } from '../../examples/safetensors.js'

const weights = fc.float32Array({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6, maxLength: 50 })

describe('quantization', () => {
  it('moves no weight by more than half a step', () => {
    fc.assert(fc.property(weights, (values) => {
      const { whole, scale } = quantize(values)
      const error = Math.max(0, ...values.map((value, place) => Math.abs(value - (whole[place] ?? 0) * scale)))
      expect(error).toBeLessThanOrEqual((scale / 2) * 1.000_1)
    }))
  })

  it('gives back the filter of the file', () => {
    const { whole, scale } = quantize(Float32Array.of(1, -0.4, 0, 127))
    const file = writeSafetensors({
      weights: { shape: [4], data: whole },
      scale: { shape: [1], data: Float32Array.of(scale) },
      bias: { shape: [1], data: Float32Array.of(0.25) }
    })
    expect(dequantize(file, new Map())).toEqual({ vocabulary: new Map(), weights: Float32Array.of(1, 0, 0, 127), bias: 0.25 })
  })
})

it('writes safetensors that read back, wherever their numbers begin', () => {
  fc.assert(fc.property(weights, fc.int8Array({ maxLength: 7 }), (floats, whole) => {
    const tensors = new Map([['whole', { shape: [whole.length], data: whole }], ['floats', { shape: [floats.length], data: floats }]])
    const bytes = writeSafetensors(Object.fromEntries(tensors))
    expect(readSafetensors(bytes)).toEqual(tensors)
    expect(readSafetensors(new Uint8Array(Buffer.concat([Buffer.of(0), bytes])).subarray(1))).toEqual(tensors)
  }))
})
