import * as z from 'zod'
import { isStemmaError, type Registry } from '../../../src/index.js'
import { MODEL, open, placeIn } from '../operations.js'
import { callRequestSchema, type Call } from '../recorded-history.js'
import { seededRandom } from '../seeded-random.js'
import { answerLines } from './lines.js'

/** One process of many that read and write one model; tells what it asked, what it was told, and when, on a clock that all share. */

const TARGETS = ['1.0.0', '1.0.1', '1.0.2'] as const

type Step = Omit<Call, 'invokedNs' | 'returnedNs'>

async function answer(line: unknown): Promise<{ calls: Call[] }> {
  const { folder, name, seed, count, logs, startNs } = callRequestSchema.parse(line)
  const random = seededRandom(seed)
  await using registry = await open(placeIn(folder))
  // All begin at once.
  while (process.hrtime.bigint() < BigInt(startNs)) await new Promise((resolve) => setImmediate(resolve))
  const calls: Call[] = []
  let lastSeen = '1.0.1'
  for (let index = 0; index < count; index += 1) {
    const operationId = `${name}-${index}`
    const chosen = random()
    const other = TARGETS[Math.floor(random() * TARGETS.length)] ?? '1.0.0'
    const invokedNs = String(process.hrtime.bigint())
    const step = await (chosen < 0.4
      ? live(registry)
      : chosen < 0.5 && logs
        ? size(registry)
        : chosen < 0.8
          ? tag(registry, other, operationId, random)
          : chosen < 0.96 || !logs
            ? promote(registry, TARGETS.find((version) => version !== lastSeen && (random() < 0.5 || version === other)) ?? (lastSeen === '1.0.0' ? '1.0.2' : '1.0.0'), lastSeen, operationId)
            : log(registry, operationId))
    calls.push({ ...step, invokedNs, returnedNs: String(process.hrtime.bigint()) })
    if (step.kind === 'live') lastSeen = step.version ?? lastSeen
  }
  return { calls }
}

async function live(registry: Registry): Promise<Step> {
  const { version, tags } = await registry.getVersion(`${MODEL}@production`)
  return { kind: 'live', version, tags: { ...tags } }
}

async function size(registry: Registry): Promise<Step> {
  let newest = 0
  for await (const { sequence } of registry.versions(MODEL, { includeDeleted: true })) newest = Math.max(newest, sequence)
  return { kind: 'size', size: newest }
}

async function tag(registry: Registry, version: string, operationId: string, random: () => number): Promise<Step> {
  const key = random() < 0.5 ? 'a' : 'b'
  const { tags } = await registry.updateMetadata(`${MODEL}@${version}`, { tags: { [key]: operationId } }, { operationId })
  return { kind: 'tag', operationId, version, key, tags: { ...tags } }
}

async function promote(registry: Registry, version: string, expected: string, operationId: string): Promise<Step> {
  try {
    await registry.transitionStage(`${MODEL}@${version}`, 'production', { expectedCurrent: expected, operationId })
    return { kind: 'promote', operationId, version, expected }
  } catch (error) {
    if (!isStemmaError(error) || error.code !== 'CONFLICT') throw error
    return { kind: 'promote', operationId, version, expected, refused: true }
  }
}

async function log(registry: Registry, operationId: string): Promise<Step> {
  const { version, sequence } = await registry.logModel({ name: MODEL, artifacts: { 'a.txt': operationId }, capture: false }, { operationId })
  return { kind: 'log', operationId, version, size: sequence }
}

void answerLines(async (line) => {
  try {
    return await answer(line)
  } catch (error) {
    return { failed: error instanceof Error ? (error.stack ?? error.message) : z.string().catch('unknown').parse(error) }
  }
})
