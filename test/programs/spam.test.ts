import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMails } from '../../examples/spam/corpus.js'
import { buildPrograms, type BuiltPrograms } from '../support/built-programs.js'

const root = join(import.meta.dirname, '../..')
const running = new Set<ChildProcessByStdio<null, Readable, Readable>>()
let folder: string
let built: BuiltPrograms
/** What STEMMA_REGISTRY says. */
let registry: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-programs-'))
  const examples = join(root, 'examples')
  const sources = (await readdir(examples, { recursive: true })).filter((name) => name.endsWith('.ts'))
  const programs = sources.map((name) => [name.slice(0, -'.ts'.length), join(examples, name)] as const)
  built = await buildPrograms(Object.fromEntries(programs))
}, 60_000)

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  built.remove()
  await rm(folder, { recursive: true, force: true })
})

describe.each(['a folder', 'a server, which is a process of its own too'])('the example programs, each a process of its own, with %s', (place) => {
  beforeAll(async () => {
    registry = place === 'a folder' ? join(folder, 'registry') : await serve(join(folder, 'served'))
  })

  it('train, promote, serve, swap, roll back, and stop', { timeout: 60_000 }, async () => {
    expect(await succeed('spam/train', 'first')).toMatch(/^spam@1\.0\.0 \(sha256:/)
    const tooEarly = await run('spam/serve')
    expect(tooEarly.exitCode).toBe(1)
    expect(tooEarly.stderr).toMatch(/^NOT_FOUND: .*production/)
    expect(await succeed('spam/promote')).toContain('spam@1.0.0 promoted')

    const service = start('spam/serve', [], { CUDA_VISIBLE_DEVICES: '3' })
    const lines = createInterface({ input: service.stdout })[Symbol.asyncIterator]()
    const url = /http:\/\/localhost:\d+$/.exec(await nextLine(lines))?.[0] ?? ''
    expect(await nextLine(lines)).toMatch(/^unlike where it was trained: .*CUDA_VISIBLE_DEVICES: "nothing" there, "3" here$/)
    const newsletter = readMails('hard-ham-1', 'test')[10]?.text ?? ''
    expect(await predict(url, newsletter)).toMatchObject({ spam: true, model: 'spam@1.0.0' })
    expect(await (await fetch(`${url}/model`)).json()).toMatchObject({ version: '1.0.0', stale: false })

    await succeed('spam/train', 'more-spam', 'everything')
    const refused = await run('spam/promote', 'spam@1.0.1')
    expect(refused.exitCode).toBe(1)
    expect(refused.stdout).toContain('spam@1.0.1 refused')
    expect(refused.stdout).toContain('group=hard-ham-1/blocked: 72.0 % → 78.0 %')
    expect(await succeed('spam/promote', 'spam@1.0.2')).toContain('spam@1.0.2 promoted')

    expect(await nextLine(lines)).toMatch(/^serving spam@1\.0\.2 /)
    expect(await predict(url, newsletter)).toMatchObject({ spam: false, model: 'spam@1.0.2' })

    expect(await succeed('spam/rollback', 'misses spam')).toContain('spam@1.0.0')
    expect(await nextLine(lines)).toMatch(/^serving spam@1\.0\.0 /)

    const [drawing, story] = await Promise.all([succeed('spam/lineage', 'spam@1.0.2', 'mermaid'), succeed('spam/audit')])
    expect(drawing).toContain('spam-assassin/hard-ham-1')
    expect(story).toContain('1.0.0 instead of 1.0.2: misses spam')

    service.kill('SIGTERM')
    expect(await nextLine(lines)).toBe('stopped')
    expect(await once(service, 'exit')).toEqual([0, null])
  })
})

interface Ended {
  exitCode: number | null
  stdout: string
  stderr: string
}

async function run(program: string, ...args: string[]): Promise<Ended> {
  const child = start(program, args)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { exitCode: child.exitCode, stdout, stderr }
}

async function succeed(program: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(program, ...args)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}

function start(program: string, args: string[], variables: Record<string, string> = {}): ChildProcessByStdio<null, Readable, Readable> {
  return startFile(built.path(program), args, { STEMMA_REGISTRY: registry, ...variables })
}

function startFile(file: string, args: string[], variables: Record<string, string>): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: root,
    env: { ...process.env, STEMMA_CACHE: join(folder, 'cache'), TMPDIR: folder, ...variables },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** Serves a folder by the command line, and gives the address. */
async function serve(served: string): Promise<string> {
  const server = startFile(built.command, ['serve', '--registry', served, '--port', '0'], {})
  const line = await nextLine(createInterface({ input: server.stderr })[Symbol.asyncIterator]())
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0]
  if (address === undefined) throw new Error(`no server: ${line}`)
  return address
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const line = await lines.next()
  if (line.done === true) throw new Error('the program ended before it printed another line')
  return line.value
}

async function predict(url: string, mail: string): Promise<unknown> {
  return (await fetch(`${url}/predict`, { method: 'POST', body: JSON.stringify({ text: mail }) })).json()
}
