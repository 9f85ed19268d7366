import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.js'
import type { StopReason, Terminal } from '../../src/cli/terminal.js'
import { temporaryFolder } from '../support/test-registry.js'

/** A terminal that keeps what it is told. */
function fakeTerminal(): Terminal & { text: { out: string; err: string }; stop: (reason?: StopReason) => void; until: (pattern: RegExp) => Promise<string> } {
  const text = { out: '', err: '' }
  const waiting: (() => void)[] = []
  let stop: (reason: StopReason) => void = () => undefined
  const into = (name: 'out' | 'err'): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        text[name] += String(chunk)
        for (const look of waiting) look()
        done()
      }
    })
  return {
    text,
    out: into('out'),
    err: into('err'),
    onStop: (callback) => {
      stop = callback
      return () => undefined
    },
    stop: (reason = 'SIGTERM') => {
      stop(reason)
    },
    until: (pattern) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = pattern.exec(text.err)?.[1]
          if (found !== undefined) resolve(found)
        }
        waiting.push(look)
        look()
      })
  }
}

async function run(words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = fakeTerminal()
  const code = await runCommandLine(words, terminal)
  return { code, ...terminal.text }
}

describe('stemma token create', () => {
  it('prints the token once, and keeps its record for the owner of the file alone', async () => {
    const path = join(temporaryFolder(), 'tokens.json')
    const first = await run(['token', 'create', '--name', 'ci', '--scope', 'write', 'promote', '--tokens', path])
    expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/^stemma_[A-Za-z0-9_-]{43}\n$/) as string })
    expect((await run(['token', 'create', '--name', 'reader', '--scope', 'read', '--tokens', path])).code).toBe(0)
    const text = readFileSync(path, 'utf8')
    expect(JSON.parse(text)).toMatchObject([{ name: 'ci', scopes: ['write', 'promote'] }, { name: 'reader', scopes: ['read'] }])
    expect(text).not.toContain(first.out.trim())
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('leaves the file as it is when it cannot add to it', async () => {
    const path = join(temporaryFolder(), 'tokens.json')
    await run(['token', 'create', '--name', 'ci', '--scope', 'write', '--tokens', path])
    const before = readFileSync(path, 'utf8')
    const again = await run(['token', 'create', '--name', 'ci', '--scope', 'read', '--tokens', path])
    expect(again).toMatchObject({ code: 4, out: '', err: expect.stringContaining('(ALREADY_EXISTS)') as string })
    writeFileSync(`${path}.new`, '')
    expect((await run(['token', 'create', '--name', 'other', '--scope', 'read', '--tokens', path])).err).toContain('(CONFLICT)')
    expect(readFileSync(path, 'utf8')).toBe(before)
  })
})

describe('stemma token list and remove', () => {
  it('show names and scopes and no digest, and take a token away', async () => {
    const path = join(temporaryFolder(), 'tokens.json')
    await run(['token', 'create', '--name', 'ci', '--scope', 'write', 'promote', '--tokens', path])
    await run(['token', 'create', '--name', 'reader', '--scope', 'read', '--tokens', path])
    const listed = await run(['token', 'list', '--tokens', path])
    expect(listed.out).toMatch(/^ci\twrite,promote\t\S+Z\nreader\tread\t\S+Z\n$/)
    expect(listed.out).not.toMatch(/[0-9a-f]{64}/)
    expect(await run(['token', 'remove', '--name', 'ci', '--tokens', path])).toMatchObject({ code: 0, out: '' })
    expect((await run(['token', 'list', '--tokens', path])).out).toMatch(/^reader\t/)
    const again = await run(['token', 'remove', '--name', 'ci', '--tokens', path])
    expect(again).toMatchObject({ code: 3, err: expect.stringContaining(`stemma token list --tokens ${path}`) as string })
  })

  it('say which folder is missing, and give a command that makes the file', async () => {
    const folder = join(temporaryFolder(), 'gone')
    const path = join(folder, 'tokens.json')
    const made = await run(['token', 'create', '--name', 'ci', '--scope', 'read', '--tokens', path])
    expect(made).toMatchObject({ code: 2, out: '', err: expect.stringContaining(`there is no folder ${folder} for the token file (INVALID_INPUT)`) as string })
    const listed = await run(['token', 'list', '--tokens', join(temporaryFolder(), 'none.json')])
    const command = /Make it: stemma (.*)\n/.exec(listed.err)?.[1] ?? ''
    expect((await run(command.split(' '))).code).toBe(0)
  })
})

describe('stemma serve', () => {
  it('that cannot start says why by its own options, and holds nothing', async () => {
    const wrong: [string[], string][] = [
      [['--allow-host', 'https://x/'], 'allowedHosts (--allow-host): "https://x/" is not a host'],
      [['--allow-origin', 'x'], '--allow-origin'],
      [['--host', '0.0.0.0'], '--tokens tokens.json'],
      [['--host', '203.0.113.1', '--tokens', 'TOKENS'], '--host'],
      [['--registry', 'http://127.0.0.1:1'], 'served already']
    ]
    const tokens = join(temporaryFolder(), 'tokens.json')
    await run(['token', 'create', '--name', 'ci', '--scope', 'read', '--tokens', tokens])
    for (const [words, text] of wrong) {
      const result = await run(['serve', '--registry', 'memory:', '--port', '0', ...words.map((word) => word.replace('TOKENS', tokens))])
      expect([words, result.code, result.out]).toEqual([words, 2, ''])
      expect(result.err).toContain(text)
      expect(result.err).not.toContain('serving')
    }
  })

  it('tells what it listens on, how many tokens there are, and which hosts are answered', async () => {
    const tokens = join(temporaryFolder(), 'tokens.json')
    writeFileSync(tokens, '[]', { mode: 0o600 })
    const serve = async (...words: string[]): Promise<string> => {
      const terminal = fakeTerminal()
      const served = runCommandLine(['serve', '--registry', 'memory:', '--port', '0', '--host', '0.0.0.0', '--tokens', tokens, ...words], terminal)
      await terminal.until(/(serving memory:)/)
      terminal.stop()
      await served
      return terminal.text.err
    }
    const named = await serve('--allow-host', 'registry.example.org')
    expect(named).toMatch(/listening on http:\/\/0\.0\.0\.0:\d+ with 0 tokens\n/)
    expect(named).toMatch(/hosts that are answered are localhost:\d+, .*registry\.example\.org,/)
    expect(named).toContain(`warning: the token file ${tokens} has no tokens`)
    expect(named).not.toContain('will be refused')
    expect(await serve()).toContain('calls from other machines will be refused')
  })

  it('serves until it is asked to stop', async () => {
    const folder = temporaryFolder()
    const tokens = join(folder, 'tokens.json')
    const log = join(folder, 'access.log')
    const token = (await run(['token', 'create', '--name', 'ci', '--scope', 'read', '--tokens', tokens])).out.trim()
    const terminal = fakeTerminal()
    const served = runCommandLine(['serve', '--registry', join(folder, 'store'), '--port', '0', '--tokens', tokens, '--access-log', log], terminal)
    const url = await terminal.until(/listening on (http:\S+) with 1 token\n/)
    const reply = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${token}` } })
    expect([reply.status, await reply.json()]).toEqual([200, { items: [], next: null }])
    terminal.stop()
    expect(await served).toBe(0)
    expect(terminal.text.out).toBe('')
    expect(JSON.parse(readFileSync(log, 'utf8').split('\n')[0] ?? '')).toMatchObject({ route: 'models', token: 'ci', status: 200 })
    await expect(fetch(url)).rejects.toThrow()
  })

  it('says what is wrong, and ends with 2', async () => {
    const result = await run(['serve', '--registry', 'memory:', '--host', '0.0.0.0', '--port', '0'])
    expect(result).toMatchObject({ code: 2, out: '' })
    expect(result.err).toContain('without tokens the server listens to this machine only')
  })
})

describe('a command line', () => {
  it('that is wrong ends with 2', async () => {
    const wrong = [['nothing'], ['serve', '--port', 'x'], ['serve', '--prot', '1'], ['token', 'create', '--name', 'a'], ['token', 'create', '--name', 'a', '--scope', 'all', '--tokens', 't'], []]
    for (const words of wrong) expect([words, (await run(words)).code]).toEqual([words, 2])
  })

  it('can be asked for help and for the version', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, out: '0.1.0\n' })
    expect((await run(['serve', '--help'])).out).toContain('--allow-host <host>')
  })
})
