import type { Probe } from '../../src/capture/probe.js'
import type { CommandResult } from '../../src/io/run-command.js'

/** A machine as recorded: its files, and what its programs answer by their command line. */
export interface FakeMachine {
  platform?: NodeJS.Platform
  variables?: Record<string, string>
  files?: Record<string, string>
  /** Command line to standard output, or to a whole result; `undefined` when it cannot be started. */
  programs?: Record<string, string | Partial<CommandResult> | undefined>
}

/** Replays a machine. `runs` collects the command lines that were run. */
export function fakeProbe(machine: FakeMachine): Probe & { runs: string[] } {
  const files = new Map(Object.entries(machine.files ?? {}))
  const programs = new Map(Object.entries(machine.programs ?? {}))
  const runs: string[] = []
  const below = (path: string): string[] => [...files.keys()].filter((file) => file.startsWith(`${path}/`))
  return {
    runs,
    platform: machine.platform ?? 'linux',
    variables: machine.variables ?? {},
    readBytes: (path) => Promise.resolve(files.has(path) ? Buffer.from(files.get(path) ?? '') : undefined),
    readText: (path) => Promise.resolve(files.get(path)),
    exists: (path) => Promise.resolve(files.has(path) || below(path).length > 0),
    sizeOf: (path) => Promise.resolve(files.get(path)?.length),
    names: (path) => Promise.resolve([...new Set(below(path).map((file) => file.slice(path.length + 1).split('/')[0] ?? ''))].sort()),
    find: (program) => Promise.resolve([...programs.keys()].some((line) => line.split(' ')[0] === program) ? program : undefined),
    run: (program, args) => {
      const line = [program, ...args].join(' ')
      runs.push(line)
      const answer = programs.get(line)
      if (answer === undefined) return Promise.resolve(undefined)
      const whole = typeof answer === 'string' ? { stdout: Buffer.from(answer) } : answer
      return Promise.resolve({ exitCode: 0, ended: 'exited', stdout: new Uint8Array(), stderr: '', ...whole })
    }
  }
}
