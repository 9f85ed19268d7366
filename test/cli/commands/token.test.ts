import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runStemma as run } from '../../support/fake-terminal.js'
import { temporaryFolder } from '../../support/test-registry.js'

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

describe('stemma token create --expires', () => {
  it('keeps the end in the file, and says it', async () => {
    const path = join(temporaryFolder(), 'tokens.json')
    const made = await run(['token', 'create', '--name', 'ci', '--scope', 'read', '--expires', '2999-01-31', '--tokens', path])
    expect(made).toMatchObject({ code: 0, err: 'stemma: the token of ci (read), good until 2999-01-31T00:00:00.000Z; it is not shown again\n' })
    const inDays = await run(['token', 'create', '--name', 'short', '--scope', 'read', '--expires', '90d', '--json', '--tokens', path])
    const { createdAt, expiresAt } = JSON.parse(inDays.out) as { createdAt: string; expiresAt: string }
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(90 * 86_400_000)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject([{ name: 'ci', expiresAt: '2999-01-31T00:00:00.000Z' }, { name: 'short', expiresAt }])
  })

  it('adds nothing for an end that is none', async () => {
    const path = join(temporaryFolder(), 'tokens.json')
    const made = await run(['token', 'create', '--name', 'ci', '--scope', 'read', '--expires', 'soon', '--tokens', path])
    expect(made).toMatchObject({ code: 2, out: '', err: expect.stringContaining('"soon" is neither a duration nor a time (INVALID_INPUT)\n  Write days or hours, 90d or 12h') as string })
    expect(existsSync(path)).toBe(false)
  })

  it('shows which tokens have ended', async () => {
    const path = join(temporaryFolder(), 'tokens.json')
    const record = { scopes: ['read'], sha256: 'a'.repeat(64), createdAt: '2026-01-01T00:00:00.000Z' }
    const records = [{ ...record, name: 'old' }, { ...record, name: 'gone', expiresAt: '2026-02-01T00:00:00.000Z' }, { ...record, name: 'good', expiresAt: '2999-02-01T00:00:00.000Z' }]
    writeFileSync(path, JSON.stringify(records), { mode: 0o600 })
    expect((await run(['token', 'list', '--tokens', path])).out.split('\n').map((line) => line.split('\t')[3])).toEqual(['no end', 'ended 2026-02-01T00:00:00.000Z', 'until 2999-02-01T00:00:00.000Z', undefined])
    const lines = (await run(['token', 'list', '--json', '--tokens', path])).out.trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { ended: boolean }).ended)).toEqual([false, true, false])
  })
})

describe('stemma token list and remove', () => {
  it('show names and scopes and no digest, and take a token away', async () => {
    const path = join(temporaryFolder(), 'tokens.json')
    await run(['token', 'create', '--name', 'ci', '--scope', 'write', 'promote', '--tokens', path])
    await run(['token', 'create', '--name', 'reader', '--scope', 'read', '--tokens', path])
    const listed = await run(['token', 'list', '--tokens', path])
    expect(listed.out).toMatch(/^ci\twrite,promote\t\S+Z\tno end\nreader\tread\t\S+Z\tno end\n$/)
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
