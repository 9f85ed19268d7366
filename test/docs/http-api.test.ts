import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/server/limits.js'
import { ROUTES } from '../../src/wire/routes.js'
import { describeApi } from '../../src/wire/openapi.js'
import { startServer, tokenFor } from '../server/test-server.js'
import { temporaryFolder } from '../support/test-registry.js'

const docs = fileURLToPath(new URL('../../docs/', import.meta.url))
const page = readFileSync(`${docs}http-api.md`, 'utf8')

it('docs/openapi.json is what the server serves; STEMMA_WRITE_DOCS=1 writes it anew', async () => {
  const text = `${JSON.stringify(describeApi(), undefined, 1)}\n`
  if (process.env['STEMMA_WRITE_DOCS'] === '1') (await import('node:fs')).writeFileSync(`${docs}openapi.json`, text)
  expect(readFileSync(`${docs}openapi.json`, 'utf8')).toBe(text)
})

it('refers to nothing that it does not describe', () => {
  const api = describeApi()
  const text = JSON.stringify(api)
  const elsewhere = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref]) => ref ?? '').filter((ref) => !ref.startsWith('#/components/schemas/'))
  expect(elsewhere).toEqual([])
  const named = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name))
  expect(named.size).toBeGreaterThan(5)
  for (const name of named) expect(api).toHaveProperty(`components.schemas.${name ?? ''}`)
})

it('the page lists every route, with its scope', () => {
  const rows = Object.values(ROUTES).map(({ method, path, scope, summary }) => `| \`${method} ${path}\` | ${scope} | ${summary} |`)
  expect([...page.matchAll(/^\| `[A-Z]+ \/.*$/gm)].map(([row]) => row)).toEqual(rows)
})

it('the page says the limits as they are', () => {
  const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, maxConnections, maxRequestsPerToken } = DEFAULT_LIMITS
  expect([headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, maxConnections, maxRequestsPerToken]).toEqual([10_000, 120_000, 65_000, 2_048, 512])
  for (const said of ['| 10 s, 120 s |', '| 65 s,', '| 2,048; 10,000 |', '| 16 KiB; 8 KiB |', '| 512; 1,024; 256 |']) expect(page).toContain(said)
})

it('the examples with curl work, one after the other', async () => {
  const blocks = [...page.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? '')
  expect(blocks.length).toBeGreaterThan(5)
  const { record, token } = tokenFor('admin')
  const { url, registry, entries } = await startServer({ tokens: [record] })
  const script = `set -euo pipefail\n${blocks.join('\n')}`
  const env = { PATH: process.env['PATH'], STEMMA_REGISTRY: url, STEMMA_TOKEN: token }
  const said = await promisify(execFile)('bash', ['--norc', '-c', script], { cwd: temporaryFolder(), env }).catch((error: unknown) => error)
  expect(said).not.toHaveProperty('code')
  expect(await registry.getVersion('credit-score@champion')).toMatchObject({ version: '1.0.0', stage: 'production', artifactCount: 2 })
  expect(entries.every(({ status }) => status >= 200 && status < 300)).toBe(true)
})
