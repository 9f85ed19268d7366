import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A program that answers lines with lines. */
export interface Child {
  readonly pid: number
  /** Sends a request, and waits for the next line that is not an acknowledgement. */
  ask(request: unknown): Promise<Answer>
  /** Called with each line as it comes, in place of `ask`. */
  onLine(listener: (line: unknown) => void): void
  /** Kills it; resolves to what it said on stderr when it had ended by itself before. */
  kill(): Promise<string | undefined>
  /** Lets it end by itself. */
  end(): Promise<void>
  readonly ended: Promise<void>
}

/** `died` when the process ended before it answered; `hung` when it said nothing for too long, and was killed. */
export type Answer = { kind: 'answered'; value: unknown; acknowledged: boolean } | { kind: 'died' | 'hung'; acknowledged: boolean; errors: string }

/** System calls by which a program can change files, and those that carry the marks. */
const TRACED = 'openat,open,creat,write,pwrite64,writev,pwritev,fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,utimensat,chmod,fchmod,fchmodat,truncate,ftruncate,fallocate,copy_file_range,sendfile,symlink,symlinkat,statx'

const PATIENCE_MS = 60_000

export interface ChildOptions {
  /** The fault shim, when faults are wanted. */
  shim?: string | undefined
  arguments?: readonly string[] | undefined
  /** A file for what strace sees of the program and all its threads. */
  trace?: string | undefined
  /** How long an answer may take, milliseconds. */
  patienceMs?: number | undefined
}

export function startChild(program: string, options: ChildOptions = {}): Child {
  const environment = {
    PATH: process.env['PATH'], HOME: process.env['HOME'], UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0', ...(options.shim === undefined ? {} : { LD_PRELOAD: options.shim })
  }
  const command = [process.execPath, program, ...(options.arguments ?? [])]
  // In the traced program only: strace must not be told of faults itself.
  const { LD_PRELOAD: preload, ...plain } = { LD_PRELOAD: undefined, ...environment }
  const tracer = ['strace', '-f', '-y', '-s', '0', '-qq', '-o', options.trace ?? '', '-e', `trace=${TRACED}`, ...(preload === undefined ? [] : ['-E', `LD_PRELOAD=${preload}`])]
  const [file = '', ...rest] = options.trace === undefined ? command : [...tracer, ...command]
  const child: ChildProcessWithoutNullStreams = spawn(file, rest, { env: options.trace === undefined ? environment : plain, stdio: 'pipe' })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4_000)
  })
  // A child that was killed cannot read what is sent to it.
  child.stdin.on('error', () => undefined)
  let waiting: ((answer: Answer) => void) | undefined
  let acknowledged = false
  let listener: ((line: unknown) => void) | undefined
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (text) => {
    // The last line of a child that was killed can be cut off.
    const value = parsed(text)
    if (value === undefined) return
    if (listener) listener(value)
    else if (typeof value === 'object' && value !== null && 'acknowledged' in value) acknowledged = true
    else waiting?.({ kind: 'answered', value, acknowledged })
  })
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => {
      waiting?.({ kind: 'died', acknowledged, errors })
      resolve()
    })
  })
  let hasEnded = false
  void ended.then(() => {
    hasEnded = true
  })
  return {
    pid: child.pid ?? -1,
    ended,
    onLine(wanted) {
      listener = wanted
    },
    ask(request) {
      acknowledged = false
      return new Promise((resolve) => {
        if (hasEnded) {
          resolve({ kind: 'died', acknowledged, errors })
          return
        }
        const timer = setTimeout(() => {
          waiting?.({ kind: 'hung', acknowledged, errors })
          child.kill('SIGKILL')
        }, options.patienceMs ?? PATIENCE_MS)
        waiting = (answer) => {
          clearTimeout(timer)
          waiting = undefined
          resolve(answer)
        }
        child.stdin.write(`${JSON.stringify(request)}\n`)
      })
    },
    async end() {
      child.stdin.end()
      await ended
    },
    async kill() {
      const { exitCode } = child
      child.kill('SIGKILL')
      await ended
      return exitCode === null ? undefined : `ended with ${exitCode}: ${errors}`
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
