import { join } from 'node:path'
import type { Probe } from './probe.js'

/** What the capture reads of a package.json. */
export interface PackageJson {
  version?: string | undefined
  /** As corepack writes it, `pnpm@9.1.0+sha512.…`. */
  packageManager?: string | undefined
  /** Names of direct dependencies of all kinds, sorted. What they ask for is not kept: it may hold an address with a token. */
  dependencies: readonly string[]
}

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const

/** Names that npm allows; none leads out of node_modules. */
const NAME = /^(?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/i

/** Reads the package.json of a folder; `undefined` when there is none or it is no JSON object. */
export async function readPackageJson(probe: Probe, folder: string): Promise<PackageJson | undefined> {
  const text = await probe.readText(join(folder, 'package.json'))
  if (text === undefined) return undefined
  const json = parseJson(text)
  if (!isRecord(json)) return undefined
  const names = KINDS.flatMap((kind) => {
    const dependencies = json[kind]
    return isRecord(dependencies) ? Object.keys(dependencies) : []
  })
  return {
    version: textOf(json.version),
    packageManager: textOf(json.packageManager),
    dependencies: [...new Set(names)].filter((name) => NAME.test(name) && name.length <= 214).sort()
  }
}

/** The value of a JSON text, `undefined` when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
