import { randomBytes } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHttpRegistry, readAll, startByteFixture, type ByteFixture, type ByteFixtureOptions } from '../../../support/byte-fixture.js'
import { lostReply } from '../../../support/lost-reply.js'
import { cutDownload, cutUpload, hastySources, spreadCuts, storeArtifact, type CutBench } from '../../../support/network-cuts.js'

const MIB = 1_048_576
/** What a connection that is reset may take with it: the buffers of sockets. */
const IN_FLIGHT_BYTES = 4 * MIB
/** A line that moves nothing, or a byte now and then, is given up after a fraction of a second. */
const IMPATIENT = { idleMs: 400, windowMs: 400, minBytes: 1_024, tickMs: 20 }

async function fixtureFor(options: ByteFixtureOptions): Promise<ByteFixture> {
  const fixture = await startByteFixture({ sources: hastySources, ...options })
  onTestFinished(() => fixture.close())
  return fixture
}

describe('bytes over a bad line (test/durability has the large version)', () => {
  it('arrive at the registry whole, wherever the line is cut or a byte changed', async () => {
    const chunkBytes = MIB / 2
    const bench: CutBench = { fixture: await fixtureFor({ chunkBytes }), sizeBytes: 2 * MIB, chunkBytes }
    const problems: string[] = []
    for (const [serial, cut] of spreadCuts(6, bench.sizeBytes, ['reset', 'end', 'corrupt']).entries()) problems.push(...(await cutUpload(bench, cut, serial)))
    expect(problems).toEqual([])
  })

  it('arrive in the cache whole, wherever the line is cut or a byte changed', async () => {
    const bench: CutBench = { fixture: await fixtureFor({}), sizeBytes: 8 * MIB, chunkBytes: IN_FLIGHT_BYTES }
    const artifact = await storeArtifact(bench)
    const problems: string[] = []
    for (const cut of spreadCuts(3, bench.sizeBytes, ['reset', 'end', 'corrupt'])) problems.push(...(await cutDownload(bench, cut, artifact)))
    expect(problems).toEqual([])
  })

  it('make one version and one promotion, whichever reply is lost', async () => {
    const fixture = await fixtureFor({})
    const registry = await createHttpRegistry(fixture, hastySources)
    onTestFinished(() => registry.close())
    const problems: string[] = []
    let lost = 0
    for (let isLost = true; isLost; lost += 1) {
      const outcome = await lostReply(fixture, registry, lost + 1)
      isLost = outcome.isLost
      problems.push(...outcome.problems)
    }
    expect(problems).toEqual([])
    expect(lost).toBeGreaterThan(8)
  })

  it('are not waited for when the line stalls or drips: the watchdog ends the attempt, and the next one goes on', async () => {
    const fixture = await fixtureFor({ chunkBytes: MIB, limits: IMPATIENT })
    for (const kind of ['stall', 'drip'] as const) {
      const bytes = randomBytes(4 * MIB)
      fixture.proxy.arm({ direction: 'up', afterBytes: 2.5 * MIB, kind, everyMs: 50 })
      const [stored] = await fixture.backend.putBlobs([{ kind: 'bytes', label: 'w', bytes }], {})
      expect(fixture.proxy.counts.struck).toBe(1)
      if (stored === undefined) throw new Error('not stored')
      expect((await readAll(fixture.served.openBlob(stored.digest, {}))).equals(bytes)).toBe(true)

      const bench: CutBench = { fixture, sizeBytes: 8 * MIB, chunkBytes: IN_FLIGHT_BYTES }
      expect(await cutDownload(bench, { position: 5 * MIB, kind }, await storeArtifact(bench))).toEqual([])
    }
  })
})
