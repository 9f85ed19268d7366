import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Registry } from '../../src/registry/registry.js'
import type { ByteFixture } from './byte-fixture.js'

/**
 * Logs a version with files of all kinds, and promotes it, while the reply of the n-th request is lost: each call succeeds, and the history has
 * one event for each.
 *
 * @returns whether there was such a request, and what is wrong.
 */
export async function lostReply({ proxy }: ByteFixture, registry: Registry, n: number): Promise<{ isLost: boolean; problems: string[] }> {
  const name = `lost-${n}`
  const artifacts = {
    'small.bin': randomBytes(1_000),
    'large.bin': randomBytes(2_500_000),
    'stream.bin': Readable.from([randomBytes(1_500_000)])
  }
  proxy.arm({ reply: n, kind: 'reset' })
  const problems: string[] = []
  try {
    const version = await registry.logModel({ name, artifacts, capture: false })
    await registry.transitionStage(`${name}@${version.version}`, 'production')
  } catch (error) {
    problems.push(`reply ${n} lost: ${String(error)}`)
  }
  const isLost = proxy.counts.struck > 0
  proxy.arm(undefined)
  const types: string[] = []
  for await (const { type } of registry.history(name)) types.push(type)
  if (types.join() !== 'created,transition') problems.push(`reply ${n} lost: the history is ${types.join()}`)
  return { isLost, problems }
}
