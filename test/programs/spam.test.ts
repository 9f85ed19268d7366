import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMails } from '../../examples/spam/corpus.js'
import { buildExamples, linesOf, nextLine, type Ended, type ExampleProcesses } from './example-processes.js'

let examples: ExampleProcesses
/** What STEMMA_REGISTRY says. */
let registry: string

beforeAll(async () => {
  examples = await buildExamples()
}, 60_000)

afterAll(() => examples.remove())

describe.each(['a folder', 'a server, which is a process of its own too'])('the example programs, each a process of its own, with %s', (place) => {
  beforeAll(async () => {
    registry = place === 'a folder' ? join(examples.folder, 'registry') : await serve(join(examples.folder, 'served'))
  })

  it('train, promote, serve, swap, roll back, and stop', { timeout: 120_000 }, async () => {
    expect(await succeed('spam/train', 'first')).toMatch(/^spam@1\.0\.0 \(sha256:/)
    const tooEarly = await run('spam/serve')
    expect(tooEarly.exitCode).toBe(1)
    expect(tooEarly.stderr).toMatch(/^NOT_FOUND: .*production/)
    expect(await succeed('spam/promote')).toContain('spam@1.0.0 promoted')

    const service = examples.start('spam/serve', [], { STEMMA_REGISTRY: registry, CUDA_VISIBLE_DEVICES: '3' })
    const lines = linesOf(service.stdout)
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

function run(program: string, ...args: string[]): Promise<Ended> {
  return examples.run(program, args, { STEMMA_REGISTRY: registry })
}

function succeed(program: string, ...args: string[]): Promise<string> {
  return examples.succeed(program, args, { STEMMA_REGISTRY: registry })
}

/** Serves a folder by the command line, and gives the address. */
async function serve(served: string): Promise<string> {
  const server = examples.start('stemma', ['serve', '--registry', served, '--port', '0'])
  const line = await nextLine(linesOf(server.stderr))
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0]
  if (address === undefined) throw new Error(`no server: ${line}`)
  return address
}

async function predict(url: string, mail: string): Promise<unknown> {
  return (await fetch(`${url}/predict`, { method: 'POST', body: JSON.stringify({ text: mail }) })).json()
}
