import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCommandLine } from '../../../src/cli/run-command-line.js'
import { fakeTerminal, runStemma as run } from '../../support/fake-terminal.js'
import { temporaryFolder } from '../../support/test-registry.js'

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
    expect(await serve()).toContain('calls from other machines will be refused: name the hosts that they call by --allow-host\n')
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
