import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { runCommandLine } from '../../../src/cli/run-command-line.js'
import { commandWorkplace } from '../../support/command-workplace.js'
import { fakeTerminal } from '../../support/fake-terminal.js'

describe('stemma watch', () => {
  it('prints a version whenever the reference comes to mean another, until it is stopped', async () => {
    const { path, run } = commandWorkplace()
    await run('log', 'spam', path('out'))
    const terminal = fakeTerminal()
    const watched = runCommandLine(['watch', 'spam@production'], terminal)
    await terminal.until(/(waiting)/)
    await run('stage', 'spam@1.0.0', 'production')
    await terminal.until(/(spam@1\.0\.0)\n/, 'out')
    await run('log', 'spam', path('out/model.onnx'))
    await run('stage', 'spam@1.0.1', 'production')
    await terminal.until(/(spam@1\.0\.1)\n/, 'out')
    terminal.stop('SIGINT')
    expect(await watched).toBe(130)
    expect(terminal.text).toEqual({ out: 'spam@1.0.0\nspam@1.0.1\n', err: 'spam@production means nothing yet; waiting until it does\nstemma: stopped\n' })
  })

  it('does not tell programs that it waits', async () => {
    const { path, run } = commandWorkplace()
    await run('log', 'spam', path('out'))
    const terminal = fakeTerminal()
    const watched = runCommandLine(['watch', 'spam@production', '--json'], terminal)
    await run('stage', 'spam@1.0.0', 'production')
    await terminal.until(/("version":"1\.0\.0")/, 'out')
    terminal.stop('SIGINT')
    expect([await watched, terminal.text.err]).toEqual([130, ''])
  })

  it.each([
    ['SIGTERM', 143, 'stemma: stopped\n'],
    ['EPIPE', 0, '']
  ] as const)('ends by %s with %i', async (reason, code, err) => {
    const { path, run } = commandWorkplace()
    await run('log', 'spam', path('out'))
    const terminal = fakeTerminal()
    const watched = runCommandLine(['watch', 'spam'], terminal)
    await terminal.until(/(spam)/, 'out')
    terminal.stop(reason)
    expect([await watched, terminal.text.err]).toEqual([code, err])
  })
})

describe('a result that nobody reads to its end', () => {
  it.each([['verify'], ['verify', '--json']])('does not make %s %s end as if nothing were damaged', async (...words) => {
    const { path, run } = commandWorkplace()
    await run('log', 'spam', path('out'))
    const folder = path('registry/blobs/sha256')
    for (const name of readdirSync(folder)) rmSync(join(folder, name))
    const terminal = fakeTerminal()
    // As a pipe whose other end was closed: nothing is taken, and the process is told.
    const out = new Writable({
      highWaterMark: 1,
      write: () => {
        terminal.stop('EPIPE')
      }
    })
    expect([await runCommandLine(words, { ...terminal, out }), terminal.text.err]).toEqual([5, ''])
    expect(await runCommandLine(['list'], { ...terminal, out: new Writable({ highWaterMark: 1, write: () => { terminal.stop('EPIPE') } }) })).toBe(0)
  })
})

describe('a registry behind a server', () => {
  it('is logged to, promoted in and fetched from as one in a folder', async () => {
    const { path, run } = commandWorkplace()
    const tokens = path('tokens.json')
    const token = (await run('token', 'create', '--name', 'ci', '--scope', 'write', 'promote', '--tokens', tokens)).out.trim()
    const terminal = fakeTerminal()
    const served = runCommandLine(['serve', '--port', '0', '--tokens', tokens, '--json'], terminal)
    const url = await terminal.until(/"url":"([^"]+)"/, 'out')
    vi.stubEnv('STEMMA_REGISTRY', url)
    expect(await run('list')).toMatchObject({ code: 1, err: expect.stringMatching(/\(UNAUTHENTICATED\)\n {2}Set STEMMA_TOKEN/) as string })
    vi.stubEnv('STEMMA_TOKEN', token)
    expect((await run('log', 'spam', path('out'), '--metric', 'auc=0.9')).out).toBe('spam@1.0.0\n')
    expect((await run('stage', 'spam', 'production', '--actor', 'ada')).out).toBe('spam@1.0.0 is in production for default\n')
    expect((await run('search', 'metrics.auc > 0.8')).out).toContain('spam')
    expect((await run('history', 'spam')).out).toContain('ada via ci')
    expect((await run('get', 'spam@production', '--into', path('model'))).out).toBe(`${path('model')}\n`)
    expect((await run('verify')).code).toBe(0)
    expect(await run('gc')).toMatchObject({ code: 1, err: expect.stringContaining('(FORBIDDEN)') as string })
    terminal.stop()
    expect(await served).toBe(0)
    expect((await run('list')).code).toBe(6)
    for (const line of terminal.text.err.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ info: { message: expect.any(String) as string } })
  })
})
