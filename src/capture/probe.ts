import { accessSync, closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { readFully } from '../io/descriptor.js'
import { timeSlices } from '../io/event-loop.js'
import { findProgram } from '../io/find-program.js'
import type { CommandResult } from '../io/run-command.js'
import type { Sources } from '../util/sources.js'

/** How a program is run for the capture. */
export interface ProbeRunOptions {
  /** Absolute path of the working folder. */
  cwd?: string | undefined
  /** @default the variables of the probe */
  env?: Readonly<Record<string, string>> | undefined
}

/**
 * Everything that the capture asks the machine: files, programs, variables. Tests replay recorded machines through it.
 * Nothing here throws but for an abort: what cannot be read is not there.
 */
export interface Probe {
  readonly platform: NodeJS.Platform
  readonly variables: Readonly<Record<string, string | undefined>>
  /** The bytes of a regular file; `undefined` when it is absent, unreadable, no regular file, or larger than `maxBytes`. @default 1 MiB */
  readBytes(path: string, maxBytes?: number): Promise<Uint8Array | undefined>
  /** {@link Probe.readBytes} as UTF-8. */
  readText(path: string, maxBytes?: number): Promise<string | undefined>
  exists(path: string): Promise<boolean>
  /** Size of a regular file; `undefined` for anything else, also for a symbolic link to one. */
  sizeOf(path: string): Promise<number | undefined>
  /** Names in a folder, sorted; empty when it cannot be listed. */
  names(path: string): Promise<readonly string[]>
  /** Absolute path of a program on the PATH. */
  find(program: string): Promise<string | undefined>
  /** Runs a program, without a shell. `undefined` when it cannot be started. */
  run(program: string, args: readonly string[], options?: ProbeRunOptions): Promise<CommandResult | undefined>
}

/** What {@link systemProbe} is made with. */
export interface SystemProbeOptions {
  variables: Readonly<Record<string, string | undefined>>
  sources: Sources
  /** Each program is killed after this. */
  commandTimeoutMs: number
  signal?: AbortSignal | undefined
}

const MAX_OUTPUT_BYTES = 10 * 1024 * 1024
const DEFAULT_MAX_BYTES = 1024 * 1024
/** Up to this size a file is read synchronously. */
const SYNCHRONOUS_BYTES = 1024 * 1024

/**
 * The probe of the machine that this process runs on. Its many small looks are synchronous, in short slices: four turns of the thread
 * pool for each package.json took longer than all the rest of a capture.
 */
export function systemProbe(options: SystemProbeOptions): Probe {
  const { variables, signal } = options
  const { platform } = process
  const pause = timeSlices(options.sources)
  const look = async <T>(step: () => T, otherwise: T): Promise<T> => {
    await pause()
    try {
      return step()
    } catch {
      return otherwise
    }
  }
  const readBytes = async (path: string, maxBytes = DEFAULT_MAX_BYTES): Promise<Uint8Array | undefined> => {
    await pause()
    return readBounded(path, maxBytes)
  }
  return {
    platform,
    variables,
    readBytes,
    readText: async (path, maxBytes) => {
      const bytes = await readBytes(path, maxBytes)
      return bytes && new TextDecoder().decode(bytes)
    },
    exists: (path) =>
      look(() => {
        accessSync(path)
        return true
      }, false),
    sizeOf: (path) =>
      look(() => {
        const stat = lstatSync(path, { throwIfNoEntry: false })
        return stat?.isFile() === true ? stat.size : undefined
      }, undefined),
    names: (path) => look(() => readdirSync(path).sort(), []),
    find: (program) => findProgram(program, { variables, platform }),
    run: async (program, args, { cwd, env } = {}) => {
      try {
        const { runCommand } = await import('../io/run-command.js')
        return await runCommand(program, args, {
          cwd,
          env: env ?? definedOnly(variables),
          timeoutMs: options.commandTimeoutMs,
          maxOutputBytes: MAX_OUTPUT_BYTES,
          sources: options.sources,
          signal
        })
      } catch {
        signal?.throwIfAborted()
        return undefined
      }
    }
  }
}

/** The variables that have a value. */
export function definedOnly(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** Files of /proc say that they have no bytes, so this reads to the end instead of asking for a size. */
async function readBounded(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  let fd: number | undefined
  try {
    // O_NONBLOCK: a FIFO would wait for a writer for ever.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = fstatSync(fd)
    if (!stat.isFile() || stat.size > maxBytes) return undefined
    const chunks: Uint8Array[] = []
    let total = 0
    for (;;) {
      const buffer = Buffer.allocUnsafeSlow(Math.max(stat.size - total, 0) + 4_096)
      const bytesRead = stat.size > SYNCHRONOUS_BYTES ? await readFully(fd, buffer, total) : readSync(fd, buffer)
      if (bytesRead === 0) return Buffer.concat(chunks)
      total += bytesRead
      if (total > maxBytes) return undefined
      chunks.push(buffer.subarray(0, bytesRead))
    }
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
