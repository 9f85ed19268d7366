import { execFileSync, spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPrograms, type BuiltPrograms } from '../support/built-programs.js'
import { temporaryFolder } from '../support/test-registry.js'

const page = readFileSync(join(import.meta.dirname, '../../docs/command-line.md'), 'utf8')
/** What the page shows as run, with what it shows as said; `bash` blocks are for the reader's own machine. */
const steps = [...page.matchAll(/^```sh\n([\s\S]*?)^```\n(?:```text\n([\s\S]*?)^```\n)?/gm)].map(([, script = '', said]) => ({ script, said }))
/** As much of jq as the page uses, so that machines need not have it. */
const JQ = `#!/usr/bin/env node
const path = process.argv.at(-1).slice(1).split('.')
console.log(path.reduce((value, name) => value[name], JSON.parse(require('node:fs').readFileSync(0, 'utf8'))))
`

let built: BuiltPrograms

beforeAll(async () => {
  built = await buildPrograms({})
})

afterAll(() => {
  built.remove()
})

interface Place {
  folder: string
  environment: NodeJS.ProcessEnv
  shell: (script: string) => SpawnSyncReturns<string>
}

/** A project with a model to log, and a shell that knows `stemma`. */
function project(): Place {
  const folder = temporaryFolder()
  for (const name of ['out', 'data', 'bin']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}')
  writeFileSync(join(folder, 'out/model.onnx'), 'weights')
  writeFileSync(join(folder, 'out/labels.txt'), 'ham\nspam\n')
  writeFileSync(join(folder, 'data/mails.csv'), 'text,label\nhi,ham\n')
  writeFileSync(join(folder, 'bin/stemma'), `#!/bin/sh\nexec '${process.execPath}' '${built.command}' "$@"\n`)
  writeFileSync(join(folder, 'bin/jq'), JQ)
  for (const name of ['stemma', 'jq']) chmodSync(join(folder, 'bin', name), 0o755)
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    NO_COLOR: undefined,
    FORCE_COLOR: undefined,
    PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    STEMMA_REGISTRY: '',
    STEMMA_OUTBOX: '',
    STEMMA_ACTOR: '',
    STEMMA_CACHE: join(folder, 'cache'),
    TERM: 'xterm'
  }
  return { folder, environment, shell: (script) => spawnSync('bash', ['-c', script], { cwd: folder, env: environment, encoding: 'utf8' }) }
}

/** What is said, as a pattern: `…` is anything on a line; times, digests, folders and gaps are those of any run. */
function patternOf(said: string, folder: string): RegExp {
  const escaped = said.replaceAll('/home/ada/spam', folder).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const lines = escaped
    .replace(/\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d(\\\.\d+)?Z/g, '\\d{4}-\\d\\d-\\d\\d$1\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z')
    .replace(/sha256(:|#58;)[0-9a-f]+/g, 'sha256$1[0-9a-f]+')
    .replace(/\d+ events, \d+ files of \d+ B/g, '\\d+ events, \\d+ files of \\S+ k?B')
    .replaceAll('…', '[^\\n]*')
    .replace(/ {2,}/g, ' +')
  return new RegExp(`^${lines}$`)
}

it('docs/command-line.md: each command says what the page says', () => {
  const { folder, shell } = project()
  expect(steps.length).toBeGreaterThan(15)
  for (const { script, said = '' } of steps) {
    const ended = shell(`exec 2>&1\n${script}`)
    expect([script, ended.status]).toEqual([script, 0])
    expect(ended.stdout, script).toMatch(patternOf(said, folder))
  }
}, 240_000)

it('docs/command-line.md: tells of every command', () => {
  const { shell } = project()
  const commands = [...shell('stemma --help').stdout.matchAll(/^ {2}([a-z]+)[ |]/gm)].map(([, name = '']) => name)
  expect(commands.length).toBeGreaterThan(17)
  for (const name of commands.filter((command) => command !== 'help')) expect(page).toContain(`stemma ${name}`)
})

describe('on a terminal', () => {
  it('draws a bar and colours, and neither with NO_COLOR nor into a pipe', () => {
    const { folder, shell } = project()
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
    const { shell } = project()
    shell('stemma log spam out --no-capture; stemma log spam out --no-capture')
    for (const words of ['search --json', 'list', 'show spam', 'lineage spam --json', '--help', 'watch spam']) {
      // The reader is gone before anything is written.
      const ended = shell(`stemma ${words} | true; echo "\${PIPESTATUS[0]}"`)
      expect([words, ended.stdout, ended.stderr]).toEqual([words, '0\n', ''])
    }
  })

  it('ends with 130 and no result when it is interrupted', async () => {
    const { folder, environment } = project()
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
    const { shell } = project()
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
