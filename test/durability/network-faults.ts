import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createHttpRegistry, startByteFixture, type ByteFixture } from '../support/byte-fixture.js'
import { lostReply } from '../support/lost-reply.js'
import { cutDownload, cutUpload, hastySources, spreadCuts, storeArtifact, type Cut, type CutBench } from '../support/network-cuts.js'
import type { Bench, Result } from './suite.js'

const MIB = 1_048_576
const SIZE_BYTES = 8 * MIB
const CHUNK_BYTES = MIB
/** What a connection that is reset may take with it: the buffers of sockets. */
const IN_FLIGHT_BYTES = 4 * MIB
const CUTS = 500
const LANES = 2
/** The watchdog's 30 s, and a look at it. */
const WATCHDOG_MS = 35_000

/**
 * B9: 8 MiB up and down, the line being cut, reset or damaged at 500 places each; a line that drips, with the limits that users have; and the
 * reply of each request of a logModel and a promotion lost once.
 */
export async function networkFaults({ folder, scale }: Bench): Promise<Result> {
  const parent = join(folder, 'network')
  mkdirSync(parent)
  const cuts = spreadCuts(CUTS * scale, SIZE_BYTES, ['reset', 'end', 'corrupt'])
  const dripping = Promise.all([dripUp(parent), dripDown(parent)])
  const up = await inLanes(parent, cuts, () => Promise.resolve((bench, cut, serial) => cutUpload(bench, cut, serial)))
  const down = await inLanes(parent, cuts, async (bench) => {
    const artifact = await storeArtifact(bench)
    return (each, cut) => cutDownload({ ...each, chunkBytes: IN_FLIGHT_BYTES }, cut, artifact)
  })
  const lost = await lostReplies(parent)
  const drips = await dripping
  return {
    counts: `${up.count} cuts up, ${down.count} down, ${lost.count} lost replies, drips ended after ${drips.map(({ tookMs }) => (tookMs / 1000).toFixed(1)).join(' and ')} s`,
    violations: [...up.violations, ...down.violations, ...lost.violations, ...drips.flatMap(({ violations }) => violations)]
  }
}

type Step = (bench: CutBench, cut: Cut, serial: number) => Promise<string[]>

async function inLanes(parent: string, cuts: readonly Cut[], prepare: (bench: CutBench) => Promise<Step>): Promise<{ count: number; violations: string[] }> {
  const violations: string[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    const registry = join(parent, `store-${next}-${Math.trunc(performance.now())}`)
    const fixture = await startByteFixture({ parent, registry, chunkBytes: CHUNK_BYTES, sources: hastySources })
    const bench: CutBench = { fixture, sizeBytes: SIZE_BYTES, chunkBytes: CHUNK_BYTES, blobs: join(registry, 'blobs', 'sha256') }
    try {
      const step = await prepare(bench)
      for (let serial = next++; serial < cuts.length; serial = next++) {
        const cut = cuts[serial]
        if (cut !== undefined) violations.push(...(await step(bench, cut, serial)))
      }
    } finally {
      await fixture.close()
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return { count: cuts.length, violations }
}

/** One byte a second, with the limits that users have: the attempt ends, and the next one goes on. */
async function drip(parent: string, run: (bench: CutBench) => Promise<string[]>): Promise<{ tookMs: number; violations: string[] }> {
  const fixture: ByteFixture = await startByteFixture({ parent, chunkBytes: CHUNK_BYTES, limits: { tickMs: 500 } })
  try {
    const started = performance.now()
    const violations = await run({ fixture, sizeBytes: SIZE_BYTES, chunkBytes: IN_FLIGHT_BYTES })
    const tookMs = performance.now() - started
    if (tookMs > WATCHDOG_MS + 5_000) violations.push(`a drip took ${Math.round(tookMs)} ms`)
    return { tookMs, violations }
  } finally {
    await fixture.close()
  }
}

const dripUp = (parent: string): Promise<{ tookMs: number; violations: string[] }> => drip(parent, (bench) => cutUpload(bench, { position: 3.3 * MIB, kind: 'drip' }, 0))
const dripDown = (parent: string): Promise<{ tookMs: number; violations: string[] }> =>
  drip(parent, async (bench) => cutDownload(bench, { position: 3.3 * MIB, kind: 'drip' }, await storeArtifact(bench)))

/** Loses the reply of each request of a logModel and a promotion in turn. */
async function lostReplies(parent: string): Promise<{ count: number; violations: string[] }> {
  const fixture = await startByteFixture({ parent, chunkBytes: CHUNK_BYTES, sources: hastySources })
  const violations: string[] = []
  try {
    const registry = await createHttpRegistry(fixture, hastySources)
    let count = 0
    for (let isLost = true; isLost; ) {
      const outcome = await lostReply(fixture, registry, count + 1)
      isLost = outcome.isLost
      if (isLost) count += 1
      violations.push(...outcome.problems)
    }
    await registry.close()
    return { count, violations }
  } finally {
    await fixture.close()
  }
}
