import { describe, expect, it } from 'vitest'
import { runStemma as run } from '../support/fake-terminal.js'

const COMMANDS = ['log', 'get', 'watch', 'list', 'show', 'search', 'history', 'diff', 'lineage', 'stage', 'rollback', 'tag', 'update', 'delete', 'verify', 'gc', 'serve']
const BELOW = ['outbox list', 'outbox flush', 'outbox discard', 'token create', 'token list', 'token remove']

describe('a command line', () => {
  it('that is wrong ends with 2, and says what is wrong on one line', async () => {
    const wrong = [
      ['nothing'],
      ['serve', '--port', 'x'],
      ['serve', '--prot', '1'],
      ['token', 'create', '--name', 'a'],
      ['token', 'create', '--name', 'a', '--scope', 'all', '--tokens', 't'],
      ['log', 'spam', 'x', '--metric', 'auc'],
      ['log', 'spam', 'x', '--metric', 'auc=high'],
      ['log', 'spam', 'x', '--bump', 'minor', '--version', '1.0.0'],
      ['get'],
      ['lineage'],
      ['lineage', 'spam', '--commit', '1234567'],
      ['delete', 'spam@1.0.0'],
      ['update', 'spam', '--approve-by', 'a', '--reject-by', 'b'],
      ['list', '--token', 'secret'],
      ['tag', 'spam', 'novalue']
    ]
    for (const words of wrong) {
      const { code, out, err } = await run(words)
      expect([words, code, out, err.split('\n')[0]]).toEqual([words, 2, '', expect.stringMatching(/^stemma: [^\n]+$/)])
    }
    expect((await run([])).code).toBe(2)
  })

  it('that is wrong says so to programs in JSON', async () => {
    const { code, out, err } = await run(['list', '--jsn', '--json'])
    expect([code, out]).toEqual([2, ''])
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'USAGE', message: expect.stringContaining("unknown option '--jsn'") as string } })
    expect(err.split('\n')).toHaveLength(2)
    expect(JSON.parse((await run(['--json'])).err)).toEqual({
      error: { code: 'USAGE', message: 'a command is missing', hint: expect.stringContaining('stemma --help') as string, retryable: false, details: {} }
    })
  })

  it('can be asked for the version and for help, which names every command and what it ends with', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, out: '0.1.0\n', err: '' })
    const { code, out } = await run(['--help'])
    expect(code).toBe(0)
    for (const command of [...COMMANDS, 'outbox', 'token', 'completion']) expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
    for (const variable of ['STEMMA_REGISTRY', 'STEMMA_TOKEN', 'NO_COLOR']) expect(out).toContain(variable)
    expect((await run(['help', 'stage'])).out).toContain('Usage: stemma stage')
  })

  it.each([...COMMANDS, ...BELOW])('stemma %s --help has examples of itself', async (command) => {
    const { code, out, err } = await run([...command.split(' '), '--help'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain(`Usage: stemma ${command}`)
    expect(out).toMatch(new RegExp(`Examples:\\n  \\$ stemma ${command}\\b`))
    expect(out).toContain('--json')
    expect(out).not.toMatch(/default:\s+(\{\}|\[\])/)
  })
})
