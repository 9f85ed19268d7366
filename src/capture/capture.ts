import { types } from 'node:util'
import { arch, cpus, hostname, release, totalmem, userInfo, version } from 'node:os'
import { resolve, sep } from 'node:path'
import type { Code, Environment, Hardware, Unavailable } from '../schemas/captured.js'
import type { CaptureOptions } from '../schemas/log-input.js'
import type { Sources } from '../util/sources.js'
import { workingFolder } from '../util/working-folder.js'
import { captureEnvironment } from './environment.js'
import type { CapturedFile } from './environment-files.js'
import { systemProbe, type Probe } from './probe.js'
import { findProjectRoot } from './project-root.js'
import { unavailable } from './unavailable.js'
import { withoutSecrets } from './without-secrets.js'

/** Options of {@link captureAll}. */
export interface CaptureAllOptions extends CaptureOptions {
  sources: Sources
  signal?: AbortSignal | undefined
  /** @default process.env */
  environmentVariables?: Readonly<Record<string, string | undefined>> | undefined
  /** Path of the program that runs. @default process.argv[1] */
  program?: string | undefined
}

/** What was captured, and the files to be stored with it. */
export interface CaptureResult {
  code: Code | Unavailable
  /** Without `files`: whoever stores them adds their digests. */
  environment: Environment | Unavailable
  hardware: Hardware | Unavailable
  /** Empty when they were switched off. Paths are unique. */
  environmentFiles: CapturedFile[]
}

const DEFAULT_TIMEOUT_MS = 5_000
/** A program that is killed a little before the deadline leaves time to say what is known without it. */
const COMMAND_SHARE = 0.8

/**
 * Captures code, environment and hardware, all at once. Each part is captured, or unavailable with a reason; what takes longer
 * than the deadline is unavailable too. Nothing that looks like a secret is in the result.
 *
 * @throws `signal.reason` when aborted, and nothing else.
 * @example
 * ```ts
 * const { code } = await captureAll({ sources: systemSources, hardware: false })
 * if (code.state === 'captured') console.log(code.commit, code.dirty)
 * ```
 */
export async function captureAll(options: CaptureAllOptions): Promise<CaptureResult> {
  options.signal?.throwIfAborted()
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const directory = resolve(options.directory ?? startOfProject())
  const end = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, end.signal]) : end.signal
  const variables = options.environmentVariables ?? process.env
  const probe = systemProbe({ variables, sources: options.sources, commandTimeoutMs: timeoutMs * COMMAND_SHARE, signal })
  const deadline = options.sources.sleep(timeoutMs, signal).then(
    () => unavailable(`took longer than ${timeoutMs} ms`),
    () => unavailable('stopped')
  )
  const part = <T>(enabled: boolean | undefined, capture: () => Promise<T>): Promise<T | Unavailable> =>
    enabled === false ? Promise.resolve(unavailable('switched off')) : Promise.race([attempt(capture), deadline])
  try {
    let environmentFiles: CapturedFile[] = []
    const [code, environment, hardware] = await Promise.all([
      // Loaded when they are wanted: a service that fetches a model asks for its environment only.
      part(options.code, async () => {
        const { captureCode } = await import('./code.js')
        return captureCode(probe, { directory, program: options.program ?? process.argv[1] })
      }),
      part(options.environment, async () => {
        const { environment, files } = await environmentOf(probe, findProjectRoot(directory), options)
        environmentFiles = files
        return environment
      }),
      part(options.hardware, async () => {
        const { captureHardware } = await import('./hardware.js')
        return captureHardware(probe, machineFacts())
      })
    ])
    options.signal?.throwIfAborted()
    return {
      code: withoutSecrets(code),
      environment: withoutSecrets(environment),
      hardware: withoutSecrets(hardware),
      environmentFiles
    }
  } finally {
    end.abort()
  }
}

/** A capture never fails, also where the working folder was removed: then there is no project to be found. */
function startOfProject(): string {
  try {
    return workingFolder()
  } catch {
    return sep
  }
}

/** The words of an unforeseen error may hold a path or worse, so that only its code is kept. */
async function attempt<T>(capture: () => Promise<T>): Promise<T | Unavailable> {
  try {
    return await capture()
  } catch (error) {
    const code = types.isNativeError(error) && 'code' in error && typeof error.code === 'string' ? error.code : 'an unforeseen error'
    return unavailable(`failed: ${code}`)
  }
}

function environmentOf(probe: Probe, projectRoot: string, options: CaptureAllOptions): Promise<{ environment: Environment; files: CapturedFile[] }> {
  const { versions, platform, release: runtimeRelease } = process
  return captureEnvironment(probe, {
    projectRoot,
    runtime: { name: runtimeRelease.name, version: versions.node, abi: versions.modules, v8: versions.v8 },
    os: { platform, release: release(), arch: arch(), version: version() },
    files: options.environmentFiles !== false,
    user: options.user === true ? userInfo().username : undefined,
    host: options.host === true ? hostname() : undefined
  })
}

function machineFacts(): { cpuModel: string; logicalCores: number; memoryBytes: number } {
  const processors = cpus()
  return { cpuModel: processors[0]?.model.trim() ?? 'unknown', logicalCores: processors.length, memoryBytes: totalmem() }
}
