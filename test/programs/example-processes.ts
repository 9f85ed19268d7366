import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { buildPrograms } from '../support/built-programs.js'

const root = join(import.meta.dirname, '../..')

/** A program that runs. */
export type Running = ChildProcessByStdio<null, Readable, Readable>

/** What became of a program. */
export interface Ended {
  exitCode: number | null
  stdout: string
  stderr: string
}

/** The example programs, each to be run as a process of its own, over a build of the library. */
export interface ExampleProcesses {
  /** A folder that is removed in the end; the cache and temporary files are in it. */
  folder: string
  /** Starts an example by its path without `.ts`, or the command line by `stemma`. */
  start(program: string, args: readonly string[], variables?: Record<string, string>): Running
  /** Runs a program to its end. */
  run(program: string, args: readonly string[], variables?: Record<string, string>): Promise<Ended>
  /** Runs a program that must end well and say nothing on stderr, and gives what it printed. */
  succeed(program: string, args: readonly string[], variables?: Record<string, string>): Promise<string>
  /** Ends what still runs, and removes everything. */
  remove(): Promise<void>
}

/** Builds the library and all examples, with the data beside them. */
export async function buildExamples(): Promise<ExampleProcesses> {
  const folder = await mkdtemp(join(tmpdir(), 'stemma-programs-'))
  const examples = join(root, 'examples')
  const files = (await readdir(examples, { recursive: true })).filter((name) => !name.includes('node_modules'))
  const programs = files.filter((name) => name.endsWith('.ts')).map((name) => name.slice(0, -'.ts'.length))
  const built = await buildPrograms(Object.fromEntries(programs.map((name) => [name, join(examples, `${name}.ts`)])))
  const builtFolder = dirname(built.path('program'))
  for (const name of files.filter((file) => /\/.*\.(csv|json)$/.test(file))) {
    await mkdir(dirname(join(builtFolder, name)), { recursive: true })
    await copyFile(join(examples, name), join(builtFolder, name))
  }
  const running = new Set<Running>()

  const start: ExampleProcesses['start'] = (program, args, variables = {}) => {
    const child = spawn(process.execPath, [program === 'stemma' ? built.command : built.path(program), ...args], {
      cwd: root,
      env: { ...process.env, STEMMA_CACHE: join(folder, 'cache'), TMPDIR: folder, ...variables },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    running.add(child)
    child.once('exit', () => running.delete(child))
    return child
  }
  const run: ExampleProcesses['run'] = async (program, args, variables) => {
    const child = start(program, args, variables)
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    return { exitCode: child.exitCode, stdout, stderr }
  }
  return {
    folder,
    start,
    run,
    succeed: async (program, args, variables) => {
      const { exitCode, stdout, stderr } = await run(program, args, variables)
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      return stdout
    },
    remove: async () => {
      for (const child of running) child.kill('SIGKILL')
      built.remove()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** The lines that a program prints, one by one. */
export function linesOf(stream: Readable): AsyncIterator<string> {
  return createInterface({ input: stream })[Symbol.asyncIterator]()
}

/** The next line of a program that is expected to print another one. */
export async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const line = await lines.next()
  if (line.done === true) throw new Error('the program ended before it printed another line')
  return line.value
}
