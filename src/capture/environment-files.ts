import { dirname, join } from 'node:path'
import { secretShapeOf } from '../record/secret-shapes.js'
import { LOCKFILES } from './package-manager.js'
import type { Probe } from './probe.js'

/** A file that fixes the environment, ready to be stored. */
export interface CapturedFile {
  /** Name under which it is stored. */
  path: string
  absolutePath: string
  sizeBytes: number
}

/** A lockfile and the package manager that wrote it. */
export interface Lockfile {
  name: string
  absolutePath: string
}

/** Largest file that is stored. */
export const MAX_ENVIRONMENT_FILE_BYTES = 16 * 1024 * 1024

/** What no text file of a package manager has; a binary lockfile may. */
const LONG_RUN = /[^\n"]{4096}/

const NAMES = [
  'package.json',
  'requirements.txt',
  'conda.yaml',
  'conda.yml',
  'environment.yaml',
  'environment.yml',
  'pyproject.toml',
  'uv.lock',
  'poetry.lock',
  'Pipfile',
  'Pipfile.lock'
]

/** The lockfile of a project: in its root, else, for a package of a workspace, in the nearest folder above up to that of the repository. */
export async function findLockfile(probe: Probe, projectRoot: string): Promise<Lockfile | undefined> {
  for (let folder = projectRoot; ; folder = dirname(folder)) {
    for (const [name] of LOCKFILES) {
      const absolutePath = join(folder, name)
      if ((await probe.sizeOf(absolutePath)) !== undefined) return { name, absolutePath }
    }
    if (dirname(folder) === folder || (await probe.exists(join(folder, '.git')))) return undefined
  }
}

/** The files that fix the environment, and those that are held back with the reason. */
export async function findEnvironmentFiles(
  probe: Probe,
  projectRoot: string,
  lockfile: Lockfile | undefined
): Promise<{ files: CapturedFile[]; omitted: { path: string; reason: string }[] }> {
  const files: CapturedFile[] = []
  const omitted: { path: string; reason: string }[] = []
  const candidates: Lockfile[] = NAMES.map((name) => ({ name, absolutePath: join(projectRoot, name) }))
  for (const { name, absolutePath } of lockfile === undefined ? candidates : [...candidates, lockfile]) {
    const sizeBytes = await probe.sizeOf(absolutePath)
    if (sizeBytes === undefined) continue
    const reason = await reasonToHoldBack(probe, absolutePath, sizeBytes)
    if (reason === undefined) files.push({ path: name, absolutePath, sizeBytes })
    else omitted.push({ path: name, reason })
  }
  return { files, omitted }
}

async function reasonToHoldBack(probe: Probe, path: string, sizeBytes: number): Promise<string | undefined> {
  if (sizeBytes > MAX_ENVIRONMENT_FILE_BYTES) return `larger than ${MAX_ENVIRONMENT_FILE_BYTES} bytes`
  const text = await probe.readText(path, MAX_ENVIRONMENT_FILE_BYTES)
  if (text === undefined) return 'unreadable'
  // The time that the scan takes grows with the square of such a run.
  if (LONG_RUN.test(text)) return 'has a line that is too long to be scanned for secrets'
  // Checksums look random, so that only the shapes of tokens count here.
  const shape = secretShapeOf(text)
  return shape === undefined ? undefined : `looks as if it held a secret: ${shape}`
}
