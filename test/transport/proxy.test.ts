import { afterEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { proxySetting } from '../../src/transport/proxy-setting.js'
import { errorOf } from '../support/test-registry.js'
import { answer, serve, testTransport, TOKEN } from './test-transport.js'

const GET = { method: 'GET', path: '/v1/things', status: 200, reply: z.object({ ok: z.boolean() }) } as const
/** A name that no resolver knows: only a proxy can take requests to it. */
const FAR = 'http://registry.invalid/ml'
const ONCE = { retries: 0, totalMs: 10_000 } as const

/** A proxy that answers itself, and what it was asked for. */
async function proxy(): Promise<{ url: string; asked: [string | undefined, string | undefined][] }> {
  const asked: [string | undefined, string | undefined][] = []
  const { url } = await serve((request, response) => {
    asked.push([request.url, request.headers['proxy-authorization']])
    answer(response, 200, { ok: true })
  })
  return { url, asked }
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('a proxy', () => {
  it('is used when it is named, with its own user', async () => {
    const { url, asked } = await proxy()
    const transport = testTransport(FAR, { proxy: url.replace('http://', 'http://ann:p%40ss@') })
    expect(await transport.json(GET, {})).toEqual({ ok: true })
    expect(asked).toEqual([[`${FAR}/v1/things`, `Basic ${Buffer.from('ann:p@ss').toString('base64')}`]])
  })

  it('of the environment is used only when asked for', async () => {
    const { url, asked } = await proxy()
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) vi.stubEnv(name, url)
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '')
    expect(await errorOf(testTransport(FAR).json(GET, { patience: ONCE }))).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
    expect(asked).toEqual([])
    expect(await testTransport(FAR, { proxy: 'environment' }).json(GET, {})).toEqual({ ok: true })
    expect(asked).toHaveLength(1)
    vi.stubEnv('NO_PROXY', 'registry.invalid')
    vi.stubEnv('no_proxy', 'registry.invalid')
    expect(await errorOf(testTransport(FAR, { proxy: 'environment' }).json(GET, { patience: ONCE }))).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
    expect(asked).toHaveLength(1)
  })

  it('is never given what is meant for this machine', async () => {
    const { url, asked } = await proxy()
    const registry = await serve((_request, response) => {
      answer(response, 200, { ok: true })
    })
    expect(await testTransport(registry.url, { proxy: url }).json(GET, {})).toEqual({ ok: true })
    expect(asked).toEqual([])
    for (const host of ['localhost', 'a.localhost', '127.1.2.3', '[::1]']) expect(proxySetting('environment', new URL(`http://${host}:1`))).toBe('none')
    expect(proxySetting('environment', new URL('http://127.0.0.1.example.org'))).toBe('environment')
  })

  it.each(['socks5://x:1', 'proxy.example.org:3128', `http://user:${TOKEN}@`, ''])('%s is none, and is not shown', async (address) => {
    const error = await errorOf(Promise.resolve().then(() => proxySetting(address, new URL(FAR))))
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.not.stringContaining(TOKEN) as string })
  })
})
