import type { Hardware } from '../schemas/captured.js'
import { isRecord, parseJson } from './package-json.js'
import type { Probe } from './probe.js'

type Gpu = Hardware['gpus'][number]

/** What was found of the processors of one vendor. */
export interface GpuFindings {
  gpus: readonly Gpu[]
  cudaVersion?: string | undefined
  /** Why they could not be asked, although a driver is there. */
  unavailable?: string | undefined
}

const PROC = '/proc/driver/nvidia'
/** Where the tool lies in Windows Subsystem for Linux, which has no /proc/driver/nvidia. */
const WSL_TOOL = '/usr/lib/wsl/lib/nvidia-smi'
const QUERY = ['--query-gpu=name,memory.total,driver_version,uuid', '--format=csv,noheader,nounits']
const MIB = 1024 * 1024

/** NVIDIA processors; starts nothing on a machine without their driver. */
export async function findNvidia(probe: Probe): Promise<GpuFindings> {
  const [driver, wsl] = await Promise.all([probe.readText(`${PROC}/version`, 65_536), probe.exists(WSL_TOOL)])
  if (driver === undefined && !wsl && probe.platform !== 'win32') return { gpus: [] }
  const tool = (await probe.find('nvidia-smi')) ?? (wsl ? WSL_TOOL : undefined)
  if (tool === undefined) return driver === undefined ? { gpus: [] } : await fromProc(probe, driver, 'nvidia-smi is not installed')
  const [answer, cudaVersion] = await Promise.all([probe.run(tool, QUERY), readCudaVersion(probe, tool)])
  if (answer?.exitCode === 0) return { gpus: parseNvidiaSmi(new TextDecoder().decode(answer.stdout)), cudaVersion }
  const how = answer === undefined ? 'cannot be started' : answer.ended === 'timeout' ? 'took too long' : `ended with exit code ${answer.exitCode ?? 'none'}`
  return { ...(await fromProc(probe, driver ?? '', `nvidia-smi ${how}`)), cudaVersion }
}

/** Reads `name, MiB, driver, uuid` lines. What the tool does not know is `[N/A]`, `[Not Supported]` and the like. */
export function parseNvidiaSmi(text: string): Gpu[] {
  return text.split('\n').flatMap((line): Gpu[] => {
    const fields = line.split(', ').map((field) => (/^\[.*\]$|^N\/A$/.test(field.trim()) ? undefined : field.trim()))
    // A name may hold the separator; the three fields after it do not.
    const [memory, driverVersion, uuid] = fields.slice(-3)
    const name = fields.slice(0, -3).join(', ')
    if (name === '' || !/^(GPU|MIG)-/.test(uuid ?? 'GPU-')) return []
    const memoryBytes = Number(memory ?? NaN) * MIB
    return [{ vendor: 'nvidia', name, memoryBytes: Number.isSafeInteger(memoryBytes) && memoryBytes >= 0 ? memoryBytes : undefined, driverVersion, uuid }]
  })
}

/** The toolkit that is installed, else the newest that the driver can run, which the tool says in its heading. */
async function readCudaVersion(probe: Probe, tool: string): Promise<string | undefined> {
  const { CUDA_HOME, CUDA_PATH } = probe.variables
  for (const folder of [CUDA_HOME, CUDA_PATH, '/usr/local/cuda']) {
    if (!folder) continue
    const installed = parseToolkit(await probe.readText(`${folder}/version.json`)) ?? /CUDA Version (\d[\d.]*)/.exec((await probe.readText(`${folder}/version.txt`)) ?? '')?.[1]
    if (installed !== undefined) return installed
  }
  const answer = await probe.run(tool, [])
  return answer?.exitCode === 0 ? /CUDA Version:\s*(\d[\d.]*)/.exec(new TextDecoder().decode(answer.stdout))?.[1] : undefined
}

function parseToolkit(text: string | undefined): string | undefined {
  const json = parseJson(text ?? '')
  const cuda = isRecord(json) ? json.cuda : undefined
  const version = isRecord(cuda) ? cuda.version : undefined
  return typeof version === 'string' && /^\d[\d.]*$/.test(version) ? version : undefined
}

/** What the driver itself tells, in a container for instance that has the devices but not the tool. */
async function fromProc(probe: Probe, driver: string, reason: string): Promise<GpuFindings> {
  const driverVersion = /Kernel Module(?: for \S+)?\s+(\d[\d.]*)/.exec(driver)?.[1]
  const folders = await probe.names(`${PROC}/gpus`)
  const gpus = await Promise.all(
    folders.map(async (folder): Promise<Gpu[]> => {
      const text = (await probe.readText(`${PROC}/gpus/${folder}/information`, 65_536)) ?? ''
      const name = /^Model:\s*(.+?)\s*$/m.exec(text)?.[1]
      const uuid = /^GPU UUID:\s*(GPU-[0-9a-f-]+)\s*$/m.exec(text)?.[1]
      return name === undefined ? [] : [{ vendor: 'nvidia', name, driverVersion, uuid }]
    })
  )
  return { gpus: gpus.flat(), unavailable: reason }
}
