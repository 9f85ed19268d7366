import type { Hardware } from '../schemas/captured.js'
import { readLimits } from './control-group.js'
import { findAmd } from './gpu-amd.js'
import { findNvidia } from './gpu-nvidia.js'
import type { Probe } from './probe.js'

/** What node:os says of the machine. */
export interface MachineFacts {
  cpuModel: string
  logicalCores: number
  memoryBytes: number
}

/** The machine: processor, memory, limits of the control group, graphics processors. */
export async function captureHardware(probe: Probe, facts: MachineFacts): Promise<Hardware> {
  const [limits, nvidia, amd] = await Promise.all([readLimits(probe), findNvidia(probe), findAmd(probe)])
  const reasons = [nvidia.unavailable, amd.unavailable].filter((reason) => reason !== undefined)
  return {
    state: 'captured',
    cpu: { model: facts.cpuModel, logicalCores: facts.logicalCores },
    memoryBytes: facts.memoryBytes,
    limits,
    gpus: [...nvidia.gpus, ...amd.gpus],
    cudaVersion: nvidia.cudaVersion,
    gpuUnavailable: reasons.length === 0 ? undefined : reasons.join('; ')
  }
}
