import { posix } from 'node:path'
import type { Hardware } from '../schemas/captured.js'
import type { Probe } from './probe.js'

const ROOT = '/sys/fs/cgroup'
/** Groups further down are not looked at. */
const MAX_LEVELS = 64

interface Limits {
  cpus: number | undefined
  memoryBytes: number | undefined
}

/** Limits that the control group of this process, or one above it, sets on processors and memory; `undefined` without any. */
export async function readLimits(probe: Probe): Promise<Hardware['limits']> {
  const groups = parseGroups((await probe.readText('/proc/self/cgroup', 65_536)) ?? '')
  if (groups.size === 0) return undefined
  const unified = groups.get('')
  const found = await Promise.all([
    ...(unified === undefined ? [] : foldersUpTo(ROOT, unified).map((folder) => readUnified(probe, folder))),
    ...foldersUpTo(`${ROOT}/memory`, groups.get('memory')).map((folder) => readOldMemory(probe, folder)),
    ...foldersUpTo(`${ROOT}/cpu`, groups.get('cpu')).map((folder) => readOldCpu(probe, folder))
  ])
  const cpus = smallest(found.map((limits) => limits.cpus))
  const memoryBytes = smallest(found.map((limits) => limits.memoryBytes))
  return cpus === undefined && memoryBytes === undefined ? undefined : { cpus, memoryBytes }
}

/** Lines `id:controllers:path`; the unified hierarchy (version 2) has no controllers. */
function parseGroups(text: string): ReadonlyMap<string, string> {
  const groups = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (line !== '') for (const controller of controllers.split(',')) groups.set(controller, path)
  }
  return groups
}

/** The folder of a group and all above it; in a container the path may be that of the host and only the root be there. */
function foldersUpTo(root: string, path: string | undefined): string[] {
  if (path === undefined) return []
  const folders = [root]
  let folder = root
  const parts = posix.normalize(path).split('/').filter((part) => part !== '' && part !== '..')
  for (const part of parts.slice(0, MAX_LEVELS)) {
    folder = posix.join(folder, part)
    folders.push(folder)
  }
  return folders
}

async function readUnified(probe: Probe, folder: string): Promise<Limits> {
  const [cpu, memory] = await Promise.all([probe.readText(`${folder}/cpu.max`, 256), probe.readText(`${folder}/memory.max`, 256)])
  const [quota, period] = (cpu ?? '').trim().split(' ')
  return { cpus: share(quota, period), memoryBytes: bytes(memory) }
}

async function readOldMemory(probe: Probe, folder: string): Promise<Limits> {
  return { cpus: undefined, memoryBytes: bytes(await probe.readText(`${folder}/memory.limit_in_bytes`, 256)) }
}

async function readOldCpu(probe: Probe, folder: string): Promise<Limits> {
  const [quota, period] = await Promise.all([
    probe.readText(`${folder}/cpu.cfs_quota_us`, 256),
    probe.readText(`${folder}/cpu.cfs_period_us`, 256)
  ])
  return { cpus: share(quota, period), memoryBytes: undefined }
}

/** `max` and `-1` mean no limit. */
function share(quota: string | undefined, period: string | undefined): number | undefined {
  const cpus = Number(quota?.trim() || NaN) / Number(period?.trim() || NaN)
  return Number.isFinite(cpus) && cpus > 0 ? Math.round(cpus * 1_000) / 1_000 : undefined
}

/** Version 1 writes the largest number of pages where there is no limit. */
function bytes(text: string | undefined): number | undefined {
  const value = Number(text?.trim() || NaN)
  return Number.isSafeInteger(value) && value > 0 ? value : undefined
}

function smallest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
