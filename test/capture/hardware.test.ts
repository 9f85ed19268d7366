import { describe, expect, it } from 'vitest'
import { captureHardware } from '../../src/capture/hardware.js'
import { fakeProbe, type FakeMachine } from './fake-probe.js'

const facts = { cpuModel: 'AMD EPYC 7763', logicalCores: 64, memoryBytes: 2 ** 38 }
const QUERY = 'nvidia-smi --query-gpu=name,memory.total,driver_version,uuid --format=csv,noheader,nounits'
const ROCM = 'rocm-smi --showproductname --showmeminfo vram --showdriverversion --showuniqueid --json'
const UUIDS = ['GPU-5a8c1f0e-6c2d-7e1b-9f40-0b1d2c3e4f50', 'GPU-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'] as const
const HEADING = `Mon Mar  2 10:11:12 2026
+---------------------------------------------------------------------------------------+
| NVIDIA-SMI 535.104.05             Driver Version: 535.104.05   CUDA Version: 12.2     |
|-----------------------------------------+----------------------+----------------------+
`
const DRIVER = {
  '/proc/driver/nvidia/version':
    'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n'
}
const OPEN_DRIVER = {
  '/proc/driver/nvidia/version':
    'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  560.35.03  Release Build  (dvs-builder@U16-I1)  Fri Aug 16 21:22:33 UTC 2024\n'
}
const INFORMATION = {
  '/proc/driver/nvidia/gpus/0000:3b:00.0/information': `Model: \t\t Tesla T4\nIRQ:   \t\t 63\nGPU UUID: \t ${UUIDS[0]}\nVideo BIOS: \t 90.04.38.00.03\n`
}

const machines: { what: string; machine: FakeMachine; expected: object; runs?: number }[] = [
  {
    what: 'a machine without graphics processors, where nothing is started',
    machine: { programs: { [QUERY]: 'never asked' } },
    expected: { gpus: [], gpuUnavailable: undefined, cudaVersion: undefined, limits: undefined },
    runs: 0
  },
  {
    what: 'two A100, toolkit from version.json',
    machine: {
      files: { ...DRIVER, '/usr/local/cuda/version.json': '{ "cuda" : { "name" : "CUDA SDK", "version" : "12.1.20230414" } }' },
      programs: { [QUERY]: UUIDS.map((uuid) => `NVIDIA A100-SXM4-80GB, 81920, 535.104.05, ${uuid}\n`).join('') }
    },
    expected: {
      gpus: UUIDS.map((uuid) => ({ vendor: 'nvidia', name: 'NVIDIA A100-SXM4-80GB', memoryBytes: 81920 * 2 ** 20, driverVersion: '535.104.05', uuid })),
      cudaVersion: '12.1.20230414'
    },
    runs: 1
  },
  {
    what: 'CUDA version from the heading, and fields that the tool does not know',
    machine: { files: DRIVER, programs: { [QUERY]: `NVIDIA GB10, [N/A], 580.82.09, ${UUIDS[0]}\n`, 'nvidia-smi': HEADING } },
    expected: { gpus: [{ name: 'NVIDIA GB10', memoryBytes: undefined, driverVersion: '580.82.09' }], cudaVersion: '12.2' },
    runs: 2
  },
  {
    what: 'a tool that cannot talk to its driver: what the driver says by itself',
    machine: {
      files: { ...DRIVER, ...INFORMATION },
      programs: {
        [QUERY]: { exitCode: 18, stdout: Buffer.from('Failed to initialize NVML: Driver/library version mismatch\n') },
        'nvidia-smi': { exitCode: 18 }
      }
    },
    expected: {
      gpus: [{ vendor: 'nvidia', name: 'Tesla T4', driverVersion: '535.104.05', uuid: UUIDS[0] }],
      gpuUnavailable: 'nvidia-smi ended with exit code 18'
    }
  },
  {
    what: 'a container with the driver but without the tool',
    machine: { files: { ...OPEN_DRIVER, ...INFORMATION } },
    expected: { gpus: [{ name: 'Tesla T4', driverVersion: '560.35.03' }], gpuUnavailable: 'nvidia-smi is not installed' },
    runs: 0
  },
  {
    what: 'a tool that hangs',
    machine: { files: DRIVER, programs: { [QUERY]: { exitCode: null, ended: 'timeout' }, 'nvidia-smi': { exitCode: null, ended: 'timeout' } } },
    expected: { gpus: [], gpuUnavailable: 'nvidia-smi took too long' }
  },
  {
    what: 'output that is no table',
    machine: { files: DRIVER, programs: { [QUERY]: 'No devices were found\n', 'nvidia-smi': 'No devices were found\n' } },
    expected: { gpus: [], cudaVersion: undefined }
  },
  {
    what: 'Windows Subsystem for Linux',
    machine: {
      files: { '/usr/lib/wsl/lib/nvidia-smi': '' },
      programs: { [`/usr/lib/wsl/lib/${QUERY}`]: `NVIDIA GeForce RTX 4090, 24564, 551.23, ${UUIDS[0]}\r\n`, '/usr/lib/wsl/lib/nvidia-smi': HEADING }
    },
    expected: { gpus: [{ name: 'NVIDIA GeForce RTX 4090', uuid: UUIDS[0] }], cudaVersion: '12.2' }
  },
  {
    what: 'memory that is no number of bytes, which no event could hold',
    machine: { files: DRIVER, programs: { [QUERY]: ['.1', '-5', '40933444455'].map((memory) => `Tesla T4, ${memory}, 535.1, ${UUIDS[0]}\n`).join('') } },
    expected: { gpus: [1, 2, 3].map(() => ({ name: 'Tesla T4', memoryBytes: undefined })) }
  },
  {
    what: 'the same of rocm-smi',
    machine: { files: { '/dev/kfd': '' }, programs: { [ROCM]: '{"card0": {"Card Series": "MI300", "VRAM Total Memory (B)": "-1"}}' } },
    expected: { gpus: [{ name: 'MI300', memoryBytes: undefined }] }
  },
  {
    what: 'two Instinct, as older releases of rocm-smi write',
    machine: {
      files: { '/dev/kfd': '' },
      programs: {
        [ROCM]: JSON.stringify({
          card0: { 'Unique ID': '0x1a2b3c4d5e6f7081', 'VRAM Total Memory (B)': '68702699520', 'VRAM Total Used Memory (B)': '10', 'Card series': 'AMD Instinct MI210', 'Card model': '0x0c34' },
          card1: { 'Unique ID': 'N/A', 'VRAM Total Memory (B)': '68702699520', 'Card series': 'AMD Instinct MI210' },
          system: { 'Driver version': '6.3.6' }
        })
      }
    },
    expected: {
      gpus: [
        { vendor: 'amd', name: 'AMD Instinct MI210', memoryBytes: 68702699520, driverVersion: '6.3.6', uuid: '0x1a2b3c4d5e6f7081' },
        { vendor: 'amd', name: 'AMD Instinct MI210', uuid: undefined }
      ]
    }
  },
  {
    what: 'newer rocm-smi, with a warning before its JSON',
    machine: {
      files: { '/sys/module/amdgpu/version': '6.8' },
      programs: { [ROCM]: 'WARNING: AMD GPU device(s) is/are in a low-power state.\n{"card0": {"Device Name": "AMD Radeon RX 7900 XTX", "Card Series": "Navi 31 [Radeon RX 7900 XT/7900 XTX]"}}' }
    },
    expected: { gpus: [{ vendor: 'amd', name: 'Navi 31 [Radeon RX 7900 XT/7900 XTX]' }] }
  },
  {
    what: 'a laptop with the AMD driver but not its tool',
    machine: { files: { '/sys/module/amdgpu/version': '6.8' } },
    expected: { gpus: [], gpuUnavailable: 'rocm-smi is not installed' },
    runs: 0
  },
  {
    what: 'output of rocm-smi that is no JSON',
    machine: { files: { '/dev/kfd': '' }, programs: { [ROCM]: '[card0] {' } },
    expected: { gpus: [] }
  },
  {
    what: 'limits of version 2 in a container',
    machine: { files: { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '150000 100000\n', '/sys/fs/cgroup/memory.max': '8589934592\n' } },
    expected: { limits: { cpus: 1.5, memoryBytes: 8589934592 } }
  },
  {
    what: 'limits of version 2 on the host: the smallest of the group and those above',
    machine: {
      files: {
        '/proc/self/cgroup': '0::/user.slice/job.scope\n',
        '/sys/fs/cgroup/user.slice/cpu.max': '200000 100000\n',
        '/sys/fs/cgroup/user.slice/memory.max': '1000\n',
        '/sys/fs/cgroup/user.slice/job.scope/cpu.max': 'max 100000\n',
        '/sys/fs/cgroup/user.slice/job.scope/memory.max': '2000\n'
      }
    },
    expected: { limits: { cpus: 2, memoryBytes: 1000 } }
  },
  {
    what: 'a group that is nested deeper than any: as far as 64 levels',
    machine: { files: { '/proc/self/cgroup': `0::${'/a'.repeat(2_000)}\n`, [`/sys/fs/cgroup${'/a'.repeat(64)}/memory.max`]: '2000\n', [`/sys/fs/cgroup${'/a'.repeat(65)}/memory.max`]: '1000\n' } },
    expected: { limits: { memoryBytes: 2_000 } }
  },
  {
    what: 'no limits of version 2',
    machine: { files: { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n', '/sys/fs/cgroup/memory.max': 'max\n' } },
    expected: { limits: undefined }
  },
  {
    what: 'limits of version 1, with the path of the host',
    machine: {
      files: {
        '/proc/self/cgroup': '4:memory:/docker/0123\n3:cpu,cpuacct:/docker/0123\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '4294967296\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n'
      }
    },
    expected: { limits: { cpus: 0.5, memoryBytes: 4294967296 } }
  },
  {
    what: 'no limits of version 1',
    machine: {
      files: {
        '/proc/self/cgroup': '4:memory:/\n3:cpu,cpuacct:/\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n'
      }
    },
    expected: { limits: undefined }
  }
]

describe('captureHardware', () => {
  it.each(machines)('knows $what', async ({ machine, expected, runs }) => {
    const probe = fakeProbe(machine)
    const hardware = await captureHardware(probe, facts)
    expect(hardware).toMatchObject({ state: 'captured', cpu: { model: 'AMD EPYC 7763', logicalCores: 64 }, memoryBytes: 2 ** 38, ...expected })
    if (runs !== undefined) expect(probe.runs).toHaveLength(runs)
  })
})
