import type { Environment } from '../schemas/captured.js'
import type { Probe } from './probe.js'

/** What node:os says of the operating system. */
export interface OsFacts {
  platform: string
  release: string
  arch: string
  /** For instance `Windows 11 Pro`. */
  version: string
}

/** The operating system, with the distribution and C library of Linux. */
export async function describeOs(probe: Probe, facts: OsFacts): Promise<Environment['os']> {
  const { platform, release, arch, version } = facts
  if (platform === 'win32') return { platform, release, arch, distribution: version }
  if (platform !== 'linux') return { platform, release, arch }
  const [distribution, libc] = await Promise.all([readDistribution(probe), readLibc(probe)])
  return { platform, release, arch, distribution, libc }
}

async function readDistribution(probe: Probe): Promise<string | undefined> {
  const text = (await probe.readText('/etc/os-release', 65_536)) ?? (await probe.readText('/usr/lib/os-release', 65_536)) ?? ''
  const fields = new Map(text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), unquote(line.slice(line.indexOf('=') + 1))]))
  const pretty = fields.get('PRETTY_NAME')
  return pretty === undefined || pretty === '' ? fields.get('ID') : pretty
}

function unquote(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2')
}

/**
 * The C library, from the script that lists what a program is linked to: `process.report` knows too, but takes 100 times as
 * long. The script of musl holds no version.
 */
async function readLibc(probe: Probe): Promise<string | undefined> {
  const script = (await probe.readText('/usr/bin/ldd', 65_536)) ?? ''
  if (script.includes('musl')) return 'musl'
  const version = /ldd \([^)\n]*(?:GLIBC|GNU libc)[^)\n]*\) (\d+\.\d+)/i.exec(script)?.[1]
  if (version !== undefined) return `glibc ${version}`
  if ((await probe.names('/lib')).some((name) => name.startsWith('ld-musl-'))) return 'musl'
  return script.includes('GNU') ? 'glibc' : undefined
}
