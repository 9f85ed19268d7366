import { rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild, type Child } from './child.js'
import type { Claim } from './format/check-store.js'
import { pushVersions, type Pushed } from './http-pusher.js'
import { placeIn, prepare } from './operations.js'
import { seededRandom } from './seeded-random.js'
import { fingerprint, startChecker, type Bench, type Result } from './suite.js'

const PUSHERS = 4

/** B13: a server is killed again and again while clients upload and commit. They go on where it stopped, and end with one event each. */
export async function httpKills(bench: Bench, kills = Math.ceil(200 * bench.scale)): Promise<Result> {
  const place = placeIn(join(bench.folder, 'http-kills'))
  await prepare('models', place)
  const base = fingerprint(place.store)
  const port = await freePort()
  const random = seededRandom(bench.seed)
  const stopping = new AbortController()
  const pushed: Pushed = { acknowledged: new Map(), resumed: 0, chunks: 0, violations: [] }
  const pushers = Array.from({ length: PUSHERS }, (_, index) => pushVersions({ url: `http://127.0.0.1:${port}`, name: `pusher-${index}`, seed: bench.seed * 100 + index, signal: stopping.signal }, pushed))

  let server = await startServer(bench, place.store, port)
  for (let kill = 0; kill < kills; kill += 1) {
    await sleep(1 + Math.floor(random() * 120))
    const complaint = await server.kill()
    if (complaint !== undefined) pushed.violations.push(`the server was not there to be killed: it ${complaint}`)
    server = await startServer(bench, place.store, port)
  }
  stopping.abort()
  await Promise.all(pushers)
  await server.kill()

  const claims: Claim[] = [...pushed.acknowledged].map(([operationId, version]) => ({ operationId, outcome: 'acknowledged', version }))
  const checker = startChecker(bench.build)
  const problems = await checker.check({ folder: place.folder, base, claims, deep: true, writersAreGone: true })
  await checker.child.kill()
  rmSync(place.folder, { recursive: true, force: true })
  const violations = [...pushed.violations, ...problems]
  if (claims.length < PUSHERS) violations.push(`only ${claims.length} versions in ${kills} kills: too few to show anything`)
  if (kills >= 50 && pushed.resumed === 0) violations.push('no upload was resumed: the kills came at the wrong moments')
  return { counts: `${kills} kills, ${claims.length} versions, ${pushed.chunks} chunks, ${pushed.resumed} uploads resumed (seed ${bench.seed})`, violations }
}

async function startServer(bench: Bench, store: string, port: number): Promise<Child> {
  const child = startChild(join(bench.build.folder, 'http-server.cjs'), { arguments: [store, String(port)] })
  await new Promise<void>((resolve) => {
    child.onLine(() => {
      resolve()
    })
    void child.ended.then(resolve)
  })
  return child
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => {
    probe.listen(0, '127.0.0.1', resolve)
  })
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
