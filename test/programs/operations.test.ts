import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildPrograms, type BuiltPrograms } from '../support/built-programs.js'
import { shellProject } from '../support/shell-project.js'

const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
const scripts = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, script = '']) => script)

let built: BuiltPrograms

beforeAll(async () => {
  built = await buildPrograms({})
})

afterAll(() => {
  built.remove()
})

/** A port that nothing listens on, in place of the page's. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

it('docs/operations.md: what it says to type works, from the first to the last', { timeout: 120_000 }, async () => {
  const { shell } = shellProject(built.command)
  const port = await freePort()
  const whole = scripts.join('\n').replaceAll('5151', String(port))
  const ended = shell(`exec 2>&1\nset -euo pipefail\ntrap 'kill %1; wait' EXIT\n${whole}`)
  expect(ended.stdout).toContain('credit-score@1.0.0 is in production for default')
  expect(ended.stdout).toContain('the token of credit-service is good no longer')
  expect(ended.stdout).toMatch(/stemma_http_requests_total\{.*status="201"\} 1/)
  expect(ended.stdout.match(/all as it should be/g)).toHaveLength(2)
  expect(ended.status).toBe(0)
})
