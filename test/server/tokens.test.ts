import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createServer } from '../../src/server/create-server.js'
import { allows, createToken, findRecord } from '../../src/server/tokens.js'
import { fixedSources } from '../support/fixed-sources.js'
import { all, errorOf, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'
import { startServer, tokenFor } from './test-server.js'

describe('createToken', () => {
  it('makes 256 random bits, and a record that does not hold them', () => {
    const { token, record } = createToken({ name: 'ci', scopes: ['write', 'write'], sources: fixedSources() })
    expect(token).toMatch(/^stemma_[A-Za-z0-9_-]{43}$/)
    expect(record).toMatchObject({ name: 'ci', scopes: ['write'], createdAt: '2026-03-01T12:00:00.000Z' })
    expect(record.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(record)).not.toContain(token.slice(7))
    expect(createToken({ name: 'ci', scopes: ['write'] }).token).not.toBe(createToken({ name: 'ci', scopes: ['write'] }).token)
  })

  it('refuses names and scopes that are none', async () => {
    for (const name of ['', 'a b', '-a', 'a'.repeat(65), 'a\n']) expect((await errorOf(Promise.resolve().then(() => createToken({ name, scopes: ['read'] })))).code).toBe('INVALID_INPUT')
    const wrong: [object, string][] = [
      [{ name: 'a', scopes: [] }, 'scopes: wanted a list of one or more of read, write, promote, admin'],
      [{ name: 'a', scopes: 'read' }, 'scopes: wanted a list of one or more of'],
      [{ name: 'a', scopes: ['all'] }, 'scopes[0]: wanted one of read'],
      [{ name: 'a', scope: ['read'] }, 'unknown field "scope"'],
      [{ scopes: ['read'] }, 'name: wanted 1 to 64 letters']
    ]
    for (const [options, text] of wrong) {
      const error = await errorOf(Promise.resolve().then(() => createToken(options as Parameters<typeof createToken>[0])))
      expect([error.code, error.message]).toEqual(['INVALID_INPUT', expect.stringContaining(text)])
    }
  })

  it('gives it an end: days, hours, or a time that is ahead', () => {
    const endOf = (expires?: string): string | undefined => createToken({ name: 'ci', scopes: ['read'], expires, sources: fixedSources() }).record.expiresAt
    expect(Object.keys(createToken({ name: 'ci', scopes: ['read'] }).record)).not.toContain('expiresAt')
    expect(['90d', '12h', '2027-01-31', '2027-01-31T18:00:00+01:00', '2026-03-01T12:00:00.001Z'].map(endOf)).toEqual([
      '2026-05-30T12:00:00.000Z',
      '2026-03-02T00:00:00.000Z',
      '2027-01-31T00:00:00.000Z',
      '2027-01-31T17:00:00.000Z',
      '2026-03-01T12:00:00.001Z'
    ])
  })

  it('refuses an end that is none, not ahead, or too far away', async () => {
    const wrong: [unknown, string][] = [
      ...['', '90', '0d', '-1d', '1.5d', '90 d', '3w', '90D', 'never', '2027-02-30', '2027-01-31T12:00', '1000000d'].map((text): [unknown, string] => [text, 'is neither a duration nor a time']),
      ...['2026-03-01', '2026-03-01T12:00:00Z'].map((text): [unknown, string] => [text, 'is not ahead']),
      ['+010000-01-01', 'is neither'],
      [90, 'expires: wanted a text such as 90d']
    ]
    for (const [expires, text] of wrong) {
      const error = await errorOf(Promise.resolve().then(() => createToken({ name: 'ci', scopes: ['read'], expires: expires as string, sources: fixedSources() })))
      expect([error.code, error.message]).toEqual(['INVALID_INPUT', expect.stringContaining(text)])
    }
  })

  it('is found by itself and by nothing else', () => {
    const one = createToken({ name: 'one', scopes: ['read'] })
    const two = createToken({ name: 'two', scopes: ['read'] })
    expect(findRecord([one.record, two.record], two.token)).toBe(two.record)
    for (const text of [two.record.sha256, two.token.slice(1), `${two.token} `, '', `stemma_${'a'.repeat(43)}`]) expect(findRecord([one.record, two.record], text)).toBeUndefined()
  })
})

it('scopes include what they should', () => {
  expect(allows(['write'], 'read') && allows(['promote'], 'read') && allows(['admin'], 'promote') && allows(['admin'], 'write')).toBe(true)
  expect(allows(['write'], 'promote') || allows(['promote'], 'write') || allows(['read'], 'write') || allows(['write', 'promote'], 'admin') || allows([], 'read')).toBe(false)
})

describe('a server', () => {
  it('does not listen beyond this machine without tokens', async () => {
    const error = await errorOf(createServer({ registry: await testRegistry(), host: '0.0.0.0', port: 0 }).listen())
    expect([error.code, error.message]).toEqual(['INVALID_INPUT', 'without tokens the server listens to this machine only, not to 0.0.0.0'])
    const { server } = await startServer({ host: '0.0.0.0', tokens: [tokenFor('read').record] })
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:/)
  })

  it('refuses an empty list and two tokens of one name', async () => {
    const registry = await testRegistry()
    const { record } = tokenFor('read')
    for (const tokens of [[], [record, record], [{ ...record, sha256: 'x' }]]) {
      expect((await errorOf(createServer({ registry, tokens, port: 0 }).listen())).code).toBe('INVALID_INPUT')
    }
  })

  it('reads a file of tokens again when it changes: a token that is gone is good no longer', async () => {
    const path = join(temporaryFolder(), 'tokens.json')
    const one = tokenFor('read', 'one')
    const two = tokenFor('read', 'two')
    writeFileSync(path, JSON.stringify([one.record]), { mode: 0o600 })
    const { send } = await startServer({ tokens: path })
    const statusOf = async (token: string): Promise<number> => (await send('GET', '/v1/models', { token })).status
    expect([await statusOf(one.token), await statusOf(two.token)]).toEqual([200, 401])
    writeFileSync(`${path}.new`, JSON.stringify([two.record]), { mode: 0o600 })
    renameSync(`${path}.new`, path)
    expect([await statusOf(one.token), await statusOf(two.token)]).toEqual([401, 200])
    // Whatever is wrong with the file, nobody comes in.
    writeFileSync(path, '[{')
    const reply = await send('GET', '/v1/models', { token: two.token })
    expect([reply.status, reply.code()]).toEqual([503, 'REGISTRY_UNAVAILABLE'])
    expect(reply.text).not.toContain(path)
  })

  it('tells its operator once what is wrong with the file, is not ready meanwhile, and goes on when it is right again', async () => {
    const path = join(temporaryFolder(), 'tokens.json')
    const { token, record } = tokenFor('read', 'one')
    const replace = (text: string): void => {
      writeFileSync(`${path}.new`, text, { mode: 0o600 })
      renameSync(`${path}.new`, path)
    }
    replace(JSON.stringify([record]))
    const { send, told } = await startServer({ tokens: path })
    const statuses = async (): Promise<number[]> => [(await send('GET', '/v1/models', { token })).status, (await send('GET', '/readyz')).status, (await send('GET', '/healthz')).status]
    const faults = (): string[] => told.filter((line) => line.startsWith('nobody is let in'))
    expect(await statuses()).toEqual([200, 200, 200])
    replace('[{')
    for (let round = 0; round < 3; round += 1) expect(await statuses()).toEqual([503, 503, 200])
    expect(faults()).toHaveLength(1)
    replace(JSON.stringify([{ ...record, scope: 'read' }]))
    for (let round = 0; round < 3; round += 1) expect(await statuses()).toEqual([503, 503, 200])
    expect(faults()).toHaveLength(2)
    expect(faults()[1]).toContain('record 1: unknown field "scope"')
    rmSync(path)
    for (let round = 0; round < 3; round += 1) expect(await statuses()).toEqual([503, 503, 200])
    expect(faults()).toHaveLength(3)
    const reply = await send('GET', '/v1/models', { token })
    expect(reply.json()['error']).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', retryable: true, details: {} })
    expect(reply.text).not.toContain(path)
    replace(JSON.stringify([record]))
    expect(await statuses()).toEqual([200, 200, 200])
    expect(told.at(-1)).toContain('can be read again: 1')
  })

  it('refuses a token from its end on, and says so to its holder alone', async () => {
    const sources = fixedSources()
    const { token, record } = createToken({ name: 'ci', scopes: ['read'], expires: '1h', sources })
    const { send } = await startServer({ tokens: [record, tokenFor('read', 'other').record], sources })
    sources.advance(3_599_999)
    expect((await send('GET', '/v1/models', { token })).status).toBe(200)
    sources.advance(1)
    const reply = await send('GET', '/v1/models', { token })
    expect([reply.status, reply.headers['www-authenticate'], reply.json()['error']]).toEqual([
      401,
      'Bearer realm="stemma"',
      expect.objectContaining({
        code: 'UNAUTHENTICATED',
        message: 'the token ci has ended, at 2026-03-01T13:00:00.000Z',
        hint: expect.stringContaining('another one') as string,
        retryable: false
      })
    ])
    const stranger = await send('GET', '/v1/models', { token: createToken({ name: 'ci', scopes: ['read'] }).token })
    expect(stranger.json()['error']).toMatchObject({ code: 'UNAUTHENTICATED', message: 'the registry does not know this token' })
  })

  it('ends a stream of changes whose token is taken away or cannot be told, and no other', async () => {
    const path = join(temporaryFolder(), 'tokens.json')
    const replace = (text: string): void => {
      writeFileSync(`${path}.new`, text, { mode: 0o600 })
      renameSync(`${path}.new`, path)
    }
    const [one, two] = [tokenFor('read', 'one'), tokenFor('read', 'two')]
    replace(JSON.stringify([one.record, two.record]))
    const registry = await testRegistry()
    await logSmall(registry, 'm', 'a')
    const { url } = await startServer({ registry, tokens: path })
    const open = async ({ token }: { token: string }): Promise<AsyncIterator<string>> => {
      const { body } = await fetch(`${url}/v1/changes?name=m`, { headers: { authorization: `Bearer ${token}` } })
      return (body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]()
    }
    const streams = [await open(one), await open(two)] as const
    const texts = async (): Promise<(string | undefined)[]> => (await Promise.all(streams.map((stream) => stream.next()))).map(({ value }) => value as string | undefined)
    const change = 'event: change\ndata: {"name":"m"}\n\n'
    expect(await texts()).toEqual([change, change])
    replace(JSON.stringify([two.record]))
    await registry.transitionStage('m', 'staging')
    expect(await texts()).toEqual([expect.stringMatching(/^event: error\ndata: .*"UNAUTHENTICATED"/), change])
    replace('[{')
    await registry.transitionStage('m', 'production')
    expect(await texts()).toEqual([undefined, expect.stringMatching(/^event: error\ndata: .*"REGISTRY_UNAVAILABLE".*"retryable":true/)])
    expect(await texts()).toEqual([undefined, undefined])
  })

  it('says how a token is given, and never shows what was given', async () => {
    const { token, record } = tokenFor('read')
    const { send, entries } = await startServer({ tokens: [record] })
    for (const header of [token, `Basic ${token}`, `Token ${token}`]) {
      const reply = await send('GET', '/v1/models', { headers: { authorization: header } })
      expect([reply.status, reply.text.includes(token)]).toEqual([401, false])
      expect(reply.text).toContain('Send one, as Authorization: Bearer')
    }
    for (const key of ['token', 'access_token', 'api_key', 'x']) {
      const reply = await send('GET', `/v1/models?${key}=${token}`)
      expect([reply.status, reply.text.includes(token)]).toEqual([401, false])
      expect(reply.text).toContain('takes no token in an address')
    }
    expect(JSON.stringify(entries)).not.toContain(token)
  })

  it.skipIf(process.platform === 'win32')('refuses a file that others can write to, and warns of one that they can read', async () => {
    const path = join(temporaryFolder(), 'tokens.json')
    writeFileSync(path, JSON.stringify([tokenFor('read').record]), { mode: 0o600 })
    chmodSync(path, 0o644)
    const { told } = await startServer({ tokens: path })
    expect(told.join()).toContain('can be read by others')
    chmodSync(path, 0o620)
    expect((await errorOf(createServer({ registry: await testRegistry(), tokens: path, port: 0 }).listen())).code).toBe('ACCESS_DENIED')
    expect((await errorOf(createServer({ registry: await testRegistry(), tokens: `${path}.gone`, port: 0 }).listen())).code).toBe('SOURCE_UNREADABLE')
  })

  it('writes into the history who it was, by the token and not by what is said', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'm', 'a')
    const ci = tokenFor('admin', 'ci')
    const { send } = await startServer({ registry, tokens: [ci.record] })
    await send('POST', '/v1/transitions', { token: ci.token, body: { reference: 'm', stage: 'staging' } })
    await send('POST', '/v1/transitions', { token: ci.token, body: { reference: 'm', stage: 'production', actor: 'somebody else' } })
    const history = await send('GET', '/v1/history?name=m', { token: ci.token })
    expect(history.json()['items']).toMatchObject([{}, { actor: 'ci' }, { actor: 'somebody else via ci' }])
  })

  it('takes every actor that may be said, however long the name of the token', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'm', 'a')
    const long = tokenFor('admin', 't'.repeat(64))
    const { send } = await startServer({ registry, tokens: [long.record] })
    const move = async (actor: string): Promise<number> =>
      (await send('POST', '/v1/transitions', { token: long.token, body: { reference: 'm', stage: 'staging', actor } })).status
    expect(await move('x'.repeat(256))).toBe(200)
    expect((await all(registry.history('m'))).at(-1)?.actor).toBe(`${'x'.repeat(256)} via ${'t'.repeat(64)}`)
    for (const actor of ['x'.repeat(257), 'ann\nbob', 'ann\u202enimda', '\u001b[2J', '\ud83d']) expect(await move(actor)).toBe(400)
  })

  it('wants the scope promote for aliases and approvals', async () => {
    const registry = await testRegistry()
    await logSmall(registry, 'm', 'a')
    const { record, token } = tokenFor('write')
    const { send } = await startServer({ registry, tokens: [record] })
    const codeOf = async (changes: object): Promise<unknown> => {
      const reply = await send('POST', '/v1/metadata', { token, body: { reference: 'm', ...changes } })
      return reply.status === 200 ? 200 : reply.code()
    }
    expect(await codeOf({ tags: { a: 'b' } })).toBe(200)
    for (const changes of [{ aliases: ['champion'] }, { removeAliases: ['champion'] }, { approval: { by: 'me', decision: 'approved' } }]) expect(await codeOf(changes)).toBe('FORBIDDEN')
  })

  it('lets one token have so many requests at once, and says when to come again', async () => {
    const one = tokenFor('read', 'one')
    const two = tokenFor('read', 'two')
    const { server, port } = await startServer({ tokens: [one.record, two.record], limits: { maxWatchersPerToken: 1 } })
    const watch = (token: string): Promise<Response> => fetch(`${server.url ?? ''}/v1/changes?name=m`, { headers: { authorization: `Bearer ${token}` } })
    expect(port).toBeGreaterThan(0)
    const first = await watch(one.token)
    const second = await watch(one.token)
    expect([first.status, second.status, second.headers.get('retry-after'), (await watch(two.token)).status]).toEqual([200, 429, '1', 200])
    await first.body?.cancel()
  })
})
