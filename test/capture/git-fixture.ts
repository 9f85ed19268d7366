import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { systemProbe, type Probe } from '../../src/capture/probe.js'
import { systemSources } from '../../src/util/sources.js'

/** A folder for one test, with a home of its own so that no configuration of the machine plays a part. */
export interface Sandbox {
  folder: string
  /** Variables of a program that runs in it. */
  variables: Record<string, string>
  /** Writes a file, with the folders above it. */
  write(path: string, content?: string): string
  /** Runs git as a user would: everything is allowed to run. */
  git(cwd: string, ...args: string[]): string
  /** A new repository with one commit of one file, `file.txt`. */
  repository(name?: string): string
  /** A shell command that leaves a mark, and whether one did. */
  trap(name: string): string
  sprung(): string[]
  remove(): void
}

/** A copy of the first repository that was made: to copy it takes a fraction of the time of four processes. */
let firstRepository: string | undefined

function keepCopy(root: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'stemma-repository-'))
  cpSync(root, copy, { recursive: true, preserveTimestamps: true })
  process.once('exit', () => {
    rmSync(copy, { recursive: true, force: true })
  })
  return copy
}

export function makeSandbox(): Sandbox {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'stemma-capture-')))
  const marks = join(folder, 'marks')
  mkdirSync(marks)
  mkdirSync(join(folder, 'home'))
  const variables = { PATH: process.env.PATH ?? '', HOME: join(folder, 'home'), GIT_CONFIG_NOSYSTEM: '1' }
  const names: string[] = []
  const write = (path: string, content = ''): string => {
    const absolute = join(folder, path)
    mkdirSync(dirname(absolute), { recursive: true })
    writeFileSync(absolute, content)
    return absolute
  }
  const git = (cwd: string, ...args: string[]): string => execFileSync('git', args, { cwd, env: variables, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  write('home/.gitconfig', '[user]\n  name = Test\n  email = test@example.org\n[init]\n  defaultBranch = main\n[protocol "file"]\n  allow = always\n')
  return {
    folder,
    variables,
    write,
    git,
    repository: (name = 'project') => {
      const root = join(folder, name)
      if (firstRepository === undefined) {
        write(`${name}/file.txt`, 'one\n')
        git(root, 'init', '--quiet')
        git(root, 'add', '.')
        git(root, 'commit', '--quiet', '--message', 'one')
        firstRepository = keepCopy(root)
      } else {
        cpSync(firstRepository, root, { recursive: true, preserveTimestamps: true })
      }
      return root
    },
    trap: (name) => {
      names.push(name)
      const script = write(`traps/${name}`, `#!/bin/sh\ntouch '${join(marks, name)}'\nexec cat\n`)
      chmodSync(script, 0o755)
      return script
    },
    sprung: () => names.filter((name) => existsSync(join(marks, name))),
    remove: () => {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

export function probeOf(sandbox: Sandbox, more: Record<string, string> = {}): Probe {
  return systemProbe({ variables: { ...sandbox.variables, ...more }, sources: systemSources, commandTimeoutMs: 20_000 })
}
