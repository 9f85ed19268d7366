import { dirname, join } from 'node:path'
import validSemver from 'semver/functions/valid.js'
import { readPackageJson } from './package-json.js'
import type { Probe } from './probe.js'

const MAX_DEPENDENCIES = 1_000
const READ_AT_ONCE = 16

/**
 * Versions of packages as installed, by name: the nearest node_modules from the root of the project upwards, as Node.js looks
 * for them. What is not installed is left out.
 */
export async function installedVersions(probe: Probe, projectRoot: string, names: readonly string[]): Promise<Record<string, string>> {
  const versions = new Map<string, string>()
  const folders = await moduleFolders(probe, projectRoot)
  const waiting = names.slice(0, MAX_DEPENDENCIES).values()
  await Promise.all(
    Array.from({ length: READ_AT_ONCE }, async () => {
      for (const name of waiting) {
        const version = await installedVersion(probe, folders, name)
        if (version !== undefined) versions.set(name, version)
      }
    })
  )
  return Object.fromEntries([...versions].sort(([one], [other]) => (one < other ? -1 : 1)))
}

async function moduleFolders(probe: Probe, projectRoot: string): Promise<readonly string[]> {
  const folders: string[] = []
  for (let folder = projectRoot; ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules')
    if (await probe.exists(modules)) folders.push(modules)
    if (dirname(folder) === folder) return folders
  }
}

async function installedVersion(probe: Probe, folders: readonly string[], name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const found = await readPackageJson(probe, join(folder, name))
    if (found !== undefined) return validSemver(found.version) ?? undefined
  }
  return undefined
}
