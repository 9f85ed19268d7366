import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPrograms, type BuiltPrograms } from '../support/built-programs.js'
import { shellProject } from '../support/shell-project.js'

const page = readFileSync(join(import.meta.dirname, '../../docs/command-line.md'), 'utf8')
/** What the page shows as run, with what it shows as said; `bash` blocks are for the reader's own machine. */
const steps = [...page.matchAll(/^```sh\n([\s\S]*?)^```\n(?:```text\n([\s\S]*?)^```\n)?/gm)].map(([, script = '', said]) => ({ script, said }))
let built: BuiltPrograms

beforeAll(async () => {
  built = await buildPrograms({})
})

afterAll(() => {
  built.remove()
})

/** What is said, as a pattern: `…` is anything on a line; times, digests and gaps are those of any run. */
function patternOf(said: string): RegExp {
  const escaped = said.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const lines = escaped
    .replace(/\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d(\\\.\d+)?Z/g, '\\d{4}-\\d\\d-\\d\\d$1\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z')
    .replace(/sha256(:|#58;)[0-9a-f]+/g, 'sha256$1[0-9a-f]+')
    .replace(/\d+ events, \d+ files of \d+ B/g, '\\d+ events, \\d+ files of \\S+ k?B')
    .replaceAll('…', '[^\\n]*')
    .replace(/ {2,}/g, ' +')
  return new RegExp(`^${lines}$`)
}

it('docs/command-line.md: each command says what the page says', () => {
  const { shell } = shellProject(built.command)
  expect(steps.length).toBeGreaterThan(15)
  for (const { script, said = '' } of steps) {
    const ended = shell(`exec 2>&1\n${script}`)
    expect([script, ended.status]).toEqual([script, 0])
    expect(ended.stdout, script).toMatch(patternOf(said))
  }
}, 240_000)

it('docs/command-line.md: tells of every command', () => {
  const { shell } = shellProject(built.command)
  const commands = [...shell('stemma --help').stdout.matchAll(/^ {2}([a-z]+)[ |]/gm)].map(([, name = '']) => name)
  expect(commands.length).toBeGreaterThan(17)
  for (const name of commands.filter((command) => command !== 'help')) expect(page).toContain(`stemma ${name}`)
})

describe('on a terminal', () => {
  it('draws a bar and colours, and neither with NO_COLOR nor into a pipe', () => {
    const { folder, shell } = shellProject(built.command)
    writeFileSync(join(folder, 'out/model.onnx'), Buffer.alloc(20_000_000))
    const bar = /hash|store/
    const onTerminal = (words: string, variables = ''): string => shell(`${variables} script -qec "stemma ${words}" /dev/null < /dev/null`).stdout
    const logged = onTerminal('log spam out --no-capture')
    expect(logged).toMatch(/(store|hash) {2}.*% {2}[\d.]+ \w*B of 20\.0 MB {2}[\d.]+ \w*B\/s {2}\S+ left/)
    expect(logged).toContain('spam@1.0.0')
    expect(onTerminal('list')).toContain('\u001b[1mMODEL')
    expect(onTerminal('list', 'NO_COLOR=1')).not.toContain('\u001b')
    const piped = shell('stemma log spam out --no-capture 2>&1; stemma list 2>&1')
    expect(piped.stdout).not.toContain('\u001b')
    expect(piped.stdout).not.toMatch(bar)
    expect(onTerminal('verify --json')).not.toContain('\u001b')
  })
})

describe('in a pipe', () => {
  it('ends quietly when nobody reads on', () => {
    const { shell } = shellProject(built.command)
    shell('stemma log spam out --no-capture; stemma log spam out --no-capture')
    for (const words of ['search --json', 'list', 'show spam', 'lineage spam --json', '--help', 'watch spam']) {
      // The reader is gone before anything is written.
      const ended = shell(`stemma ${words} | true; echo "\${PIPESTATUS[0]}"`)
      expect([words, ended.stdout, ended.stderr]).toEqual([words, '0\n', ''])
    }
  })

  it('ends with 130 and no result when it is interrupted', async () => {
    const { folder, environment } = shellProject(built.command)
    const options = { cwd: folder, env: environment }
    execFileSync('bash', ['-c', 'stemma log spam out --no-capture'], { ...options, stdio: 'ignore' })
    const child = spawn(process.execPath, [built.command, 'watch', 'spam'], options)
    const said = { out: '', err: '' }
    child.stderr.on('data', (chunk) => (said.err += String(chunk)))
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        said.out += String(chunk)
        if (said.out === 'spam@1.0.0\n') resolve()
      })
    })
    child.kill('SIGINT')
    const code = await new Promise((resolve) => child.once('exit', resolve))
    expect([code, said]).toEqual([130, { out: 'spam@1.0.0\n', err: 'stemma: stopped\n' }])
  })
})

describe('completion', () => {
  it('gives scripts for shells, and completes commands, options and their values', () => {
    const { shell } = shellProject(built.command)
    for (const name of ['bash', 'zsh', 'fish', 'powershell']) expect(shell(`stemma completion ${name}`)).toMatchObject({ status: 0, stdout: expect.stringContaining('stemma complete') as string, stderr: '' })
    expect(shell('stemma completion bash | bash -n')).toMatchObject({ status: 0, stderr: '' })
    expect(shell('stemma completion tcsh').status).toBe(2)
    const complete = (words: string): string[] => shell(`stemma complete -- ${words}`).stdout.split('\n').map((line) => line.split('\t')[0] ?? '')
    expect(complete('li')).toEqual(expect.arrayContaining(['list', 'lineage']))
    expect(complete('log spam --bu')).toContain('--bump')
    expect(complete('log spam --bump ""')).toEqual(expect.arrayContaining(['major', 'minor', 'patch', 'prerelease']))
    expect(complete('outbox ""')).toEqual(expect.arrayContaining(['list', 'flush']))
    expect(complete('get sp')).toEqual([':4', ''])
    shell('stemma log spam out --no-capture')
    expect(complete('get sp')).toContain('spam')
    expect(complete('stage spam@1.0.0 ""')).toEqual(expect.arrayContaining(['staging', 'production']))
  })
})
