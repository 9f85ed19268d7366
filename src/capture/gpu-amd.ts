import type { Hardware } from '../schemas/captured.js'
import type { GpuFindings } from './gpu-nvidia.js'
import { isRecord, parseJson } from './package-json.js'
import type { Probe } from './probe.js'

const QUERY = ['--showproductname', '--showmeminfo', 'vram', '--showdriverversion', '--showuniqueid', '--json']

/** AMD processors; starts nothing on a machine without the driver for computing. */
export async function findAmd(probe: Probe): Promise<GpuFindings> {
  const [device, driver] = await Promise.all([probe.exists('/dev/kfd'), probe.exists('/sys/module/amdgpu')])
  if (!device && !driver) return { gpus: [] }
  const tool = (await probe.find('rocm-smi')) ?? ((await probe.exists('/opt/rocm/bin/rocm-smi')) ? '/opt/rocm/bin/rocm-smi' : undefined)
  if (tool === undefined) return { gpus: [], unavailable: 'rocm-smi is not installed' }
  const answer = await probe.run(tool, QUERY)
  if (answer?.exitCode === 0) return { gpus: parseRocmSmi(new TextDecoder().decode(answer.stdout)) }
  const how = answer === undefined ? 'cannot be started' : answer.ended === 'timeout' ? 'took too long' : `ended with exit code ${answer.exitCode ?? 'none'}`
  return { gpus: [], unavailable: `rocm-smi ${how}` }
}

/** Reads the JSON of rocm-smi: one entry `card<n>` each, whose keys were written in other cases by older releases. */
export function parseRocmSmi(text: string): Hardware['gpus'] {
  // Warnings may stand before the object.
  const json = parseJson(text.slice(Math.max(0, text.indexOf('{'))))
  if (!isRecord(json)) return []
  const driverVersion = fieldOf(json.system, 'driver version')
  return Object.entries(json).flatMap(([key, card]) => {
    if (!/^card\d+$/.test(key)) return []
    const name = fieldOf(card, 'card series') ?? fieldOf(card, 'device name') ?? fieldOf(card, 'card model')
    if (name === undefined) return []
    const memory = Number(fieldOf(card, 'vram total memory (b)') ?? NaN)
    return [{ vendor: 'amd', name, memoryBytes: Number.isSafeInteger(memory) && memory >= 0 ? memory : undefined, driverVersion, uuid: fieldOf(card, 'unique id') }]
  })
}

function fieldOf(record: unknown, wanted: string): string | undefined {
  if (!isRecord(record)) return undefined
  const [, value] = Object.entries(record).find(([key]) => key.toLowerCase() === wanted) ?? []
  return typeof value === 'string' && value !== '' && value !== 'N/A' ? value : undefined
}
