import { createHash } from 'node:crypto'
import { redactUrl } from '../record/secret-scan.js'
import type { Environment } from '../schemas/captured.js'
import { canonicalJsonBytes } from '../util/canonical-json.js'
import { detectCi, type CiRun } from './ci.js'
import { detectContainer } from './container.js'
import { installedVersions } from './dependencies.js'
import { findEnvironmentFiles, findLockfile, MAX_ENVIRONMENT_FILE_BYTES, type CapturedFile, type Lockfile } from './environment-files.js'
import { describeOs, type OsFacts } from './os.js'
import { readPackageJson } from './package-json.js'
import { detectPackageManager } from './package-manager.js'
import type { Probe } from './probe.js'
import { allowedVariables } from './variables.js'

/** What {@link captureEnvironment} looks at. */
export interface EnvironmentOptions {
  projectRoot: string
  runtime: Environment['runtime']
  os: OsFacts
  /** Whether package.json, lockfile and the like are to be stored. */
  files: boolean
  /** Name of the user, if it was asked for. */
  user?: string | undefined
  /** Name of the host, if it was asked for. */
  host?: string | undefined
}

/** The software: runtime, operating system, package manager, installed dependencies, allow-listed variables; and the files that fix it. */
export async function captureEnvironment(
  probe: Probe,
  options: EnvironmentOptions
): Promise<{ environment: Environment; files: CapturedFile[] }> {
  const { projectRoot, runtime, user, host } = options
  const [packageJson, lockfile, os, container] = await Promise.all([
    readPackageJson(probe, projectRoot),
    findLockfile(probe, projectRoot),
    describeOs(probe, options.os),
    detectContainer(probe)
  ])
  const [lockfileDigest, dependencies, { files, omitted }] = await Promise.all([
    lockfile && digestOf(probe, lockfile),
    packageJson && installedVersions(probe, projectRoot, packageJson.dependencies),
    options.files ? findEnvironmentFiles(probe, projectRoot, lockfile) : { files: [], omitted: [] }
  ])
  const packageManager = detectPackageManager({
    userAgent: probe.variables.npm_config_user_agent,
    declared: packageJson?.packageManager,
    lockfile: lockfile?.name
  })
  const variables = allowedVariables(probe.variables)
  const same = { runtime, os, container, lockfile: lockfileDigest, dependencies, variables }
  const digest = `sha256:${createHash('sha256').update(canonicalJsonBytes(same)).digest('hex')}`
  const filesOmitted = omitted.length === 0 ? undefined : omitted
  const ci = describeRun(detectCi(probe.variables))
  return { environment: { state: 'captured', digest, ...same, packageManager, ci, filesOmitted, user, host }, files }
}

async function digestOf(probe: Probe, lockfile: Lockfile): Promise<Environment['lockfile']> {
  const bytes = await probe.readBytes(lockfile.absolutePath, MAX_ENVIRONMENT_FILE_BYTES)
  return bytes && { path: lockfile.name, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` }
}

function describeRun(run: CiRun | undefined): Environment['ci'] {
  if (run === undefined) return undefined
  const { provider, runId, runUrl } = run
  return { provider, runId, runUrl: runUrl === undefined ? undefined : redactUrl(runUrl) }
}
