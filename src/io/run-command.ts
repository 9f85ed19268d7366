import { spawn } from 'node:child_process'
import { systemSources, type Sources } from '../util/sources.js'

/** How {@link runCommand} runs a program. */
export interface RunCommandOptions {
  /** Absolute path of the working folder. @default that of this process */
  cwd?: string | undefined
  /** The whole environment of the program. @default that of this process */
  env?: Readonly<Record<string, string>> | undefined
  /** The program is killed when it takes longer. */
  timeoutMs: number
  /** The program is killed when it writes more than this to one of its two outputs. */
  maxOutputBytes: number
  /** Kills the program; the call rejects with `signal.reason`. */
  signal?: AbortSignal | undefined
  /** Where the timeout is measured. @default the machine's clock */
  sources?: Sources | undefined
}

/** How a program ended, and what it wrote. */
export interface CommandResult {
  /** `null` when the program did not end by itself. */
  exitCode: number | null
  /** `exited`: by itself; `signal`: killed by someone else; `timeout` and `output-limit`: killed by {@link runCommand}. */
  ended: 'exited' | 'signal' | 'timeout' | 'output-limit'
  /** At most `maxOutputBytes`. */
  stdout: Uint8Array
  /** At most `maxOutputBytes` of it, as UTF-8. May hold what the program was given: never put it into an error or a record unread. */
  stderr: string
}

/**
 * Runs a program to its end: no shell, no standard input, nothing inherited but what `options` says. A program that fails,
 * takes too long or writes too much is a result, not an error. It is killed with SIGKILL, and what it started in turn is not
 * waited for.
 *
 * @param file name of the program, searched on the PATH, or its absolute path.
 * @throws the system's error, with `code`, when the program cannot be started: `ENOENT` when it (or `cwd`) is not there, `EACCES` …
 * @throws `signal.reason` when aborted.
 * @example
 * ```ts
 * const { exitCode, stdout } = await runCommand('git', ['--version'], { timeoutMs: 1_000, maxOutputBytes: 4_096 })
 * ```
 */
export async function runCommand(file: string, args: readonly string[], options: RunCommandOptions): Promise<CommandResult> {
  options.signal?.throwIfAborted()
  const child = spawn(file, args, { cwd: options.cwd, env: options.env, stdio: ['ignore', 'pipe', 'pipe'], shell: false, windowsHide: true })
  const timer = new AbortController()
  try {
    return await new Promise<CommandResult>((resolve, reject) => {
      let ended: CommandResult['ended'] = 'exited'
      const stdout = boundedBytes(options.maxOutputBytes)
      const stderr = boundedBytes(options.maxOutputBytes)

      const settle = (exitCode: number | null): void => {
        resolve({ exitCode, ended, stdout: stdout.concat(), stderr: new TextDecoder().decode(stderr.concat()) })
      }
      const kill = (why: CommandResult['ended']): void => {
        if (ended !== 'exited') return
        ended = why
        child.kill('SIGKILL')
        // A program that this one started may hold the pipes open for ever.
        child.stdout.destroy()
        child.stderr.destroy()
        settle(null)
      }
      const collect = (bytes: BoundedBytes) => (chunk: Uint8Array) => {
        if (!bytes.push(chunk)) kill('output-limit')
      }

      child.on('error', reject)
      child.stdout.on('data', collect(stdout))
      child.stderr.on('data', collect(stderr))
      child.on('close', (exitCode, signal) => {
        if (signal !== null && ended === 'exited') ended = 'signal'
        settle(exitCode)
      })
      options.signal?.addEventListener(
        'abort',
        () => {
          reject(options.signal?.reason as Error)
          kill('signal')
        },
        { once: true, signal: timer.signal }
      )
      const sources = options.sources ?? systemSources
      sources.sleep(options.timeoutMs, timer.signal).then(
        () => {
          kill('timeout')
        },
        () => undefined
      )
    })
  } finally {
    timer.abort()
  }
}

interface BoundedBytes {
  /** `false` when the chunk did not fit; what fits of it is kept. */
  push(chunk: Uint8Array): boolean
  concat(): Uint8Array
}

function boundedBytes(maxBytes: number): BoundedBytes {
  const chunks: Uint8Array[] = []
  let left = maxBytes
  return {
    push: (chunk) => {
      chunks.push(chunk.subarray(0, left))
      const fits = chunk.byteLength <= left
      left = Math.max(0, left - chunk.byteLength)
      return fits
    },
    concat: () => Buffer.concat(chunks)
  }
}
