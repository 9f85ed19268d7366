import { describe, expect, it } from 'vitest'
import { compareEnvironments, compareHardware } from '../../src/record/compare-environments.js'
import type { Environment, Hardware } from '../../src/schemas/captured.js'

const environment: Environment = {
  state: 'captured',
  digest: 'sha256:1',
  runtime: { name: 'node', version: '20.20.2', abi: '115' },
  os: { platform: 'linux', release: '6.1', arch: 'x64', libc: 'glibc 2.36' },
  dependencies: { 'onnxruntime-node': '1.20.0', 'lodash.merge': '4.6.2' },
  variables: { CUDA_VISIBLE_DEVICES: '0' },
  ci: { provider: 'github', runId: '1' },
  files: [{ path: 'package.json', sizeBytes: 1, digest: 'sha256:2' }]
}
const hardware: Hardware = {
  state: 'captured',
  cpu: { model: 'Xeon', logicalCores: 2 },
  memoryBytes: 100,
  gpus: [
    { vendor: 'nvidia', name: 'A100', uuid: 'GPU-1' },
    { vendor: 'nvidia', name: 'H100', uuid: 'GPU-2' }
  ]
}

describe('compareEnvironments', () => {
  it('tells what matters for the same result, by name, sorted', () => {
    const here: Environment = {
      ...environment,
      runtime: { name: 'node', version: '22.0.0', abi: '115' },
      dependencies: { 'onnxruntime-node': '1.23.2', sharp: '1.0.0' },
      variables: {}
    }
    expect(compareEnvironments(environment, here)).toEqual([
      { field: 'dependencies."lodash.merge"', a: '4.6.2' },
      { field: 'dependencies.onnxruntime-node', a: '1.20.0', b: '1.23.2' },
      { field: 'dependencies.sharp', b: '1.0.0' },
      { field: 'runtime.version', a: '20.20.2', b: '22.0.0' },
      { field: 'variables.CUDA_VISIBLE_DEVICES', a: '0' }
    ])
  })

  it('leaves out runs, people, machines, files and the digest', () => {
    const here: Environment = { ...environment, digest: 'sha256:9', ci: { provider: 'gitlab', runId: '7' }, files: [], user: 'ada', host: 'box' }
    expect(compareEnvironments(environment, here)).toEqual([])
  })

  it('says only that a side is unknown when it is', () => {
    const unknown = { state: 'unavailable' as const, reason: 'switched off' }
    expect(compareEnvironments(environment, unknown)).toEqual([{ field: 'state', a: 'captured', b: 'unavailable' }])
    expect(compareEnvironments(unknown, { ...unknown, reason: 'timeout' })).toEqual([])
  })
})

describe('compareHardware', () => {
  it('tells processors apart by what they are, not by serial number or place', () => {
    const swapped: Hardware = { ...hardware, gpus: hardware.gpus.map((gpu) => ({ ...gpu, uuid: `other-${gpu.name}` })).reverse() }
    expect(compareHardware(hardware, swapped)).toEqual([])
    expect(compareHardware(hardware, { ...hardware, memoryBytes: 200, gpus: [{ vendor: 'nvidia', name: 'A100' }] })).toEqual([
      { field: 'gpus.1.name', a: 'H100' },
      { field: 'gpus.1.vendor', a: 'nvidia' },
      { field: 'memoryBytes', a: 100, b: 200 }
    ])
  })
})
