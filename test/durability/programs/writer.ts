import { isStemmaError, type ModelVersion } from '../../../src/index.js'
import { MODEL, open, placeIn } from '../operations.js'
import { seededRandom } from '../seeded-random.js'
import { say } from './lines.js'

/**
 * Writes to one model until it is killed, and says before each call what it is about to do and after it what it was told.
 * Arguments: the folder, the name of this writer, a seed, how many changes at most, the pause after each in milliseconds.
 */
const [folder = '', name = '', seed = '0', limit = 'Infinity', pauseMs = '0'] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const pick = <T>(items: readonly [T, ...T[]]): T => items[Math.floor(random() * items.length)] ?? items[0]

async function main(): Promise<void> {
  const registry = await open(placeIn(folder))
  say({ ready: true })
  // A move to where a version is already is acknowledged, and writes nothing.
  const move = { mayBeThere: true }
  for (let count = 0; count < Number(limit); count += 1) {
    const operationId = `${name}-${count}`
    const version = `${MODEL}#${1 + Math.floor(random() * 3)}`
    const { run, mayBeThere } = pick<{ run: () => Promise<ModelVersion>; mayBeThere?: boolean }>([
      { run: () => registry.updateMetadata(version, { tags: { [pick(['a', 'b', 'c'])]: operationId } }, { operationId }) },
      { run: () => registry.updateMetadata(version, { tags: { [pick(['a', 'b', 'c'])]: operationId } }, { operationId }) },
      { ...move, run: () => registry.transitionStage(version, pick(['production', 'staging', 'archived']), { operationId, reason: operationId }) },
      { ...move, run: () => registry.transitionStage(`${MODEL}@latest`, 'production', { operationId, reason: operationId }) },
      { run: () => registry.logModel({ name: MODEL, artifacts: { 'weights.bin': operationId, 'labels.json': '[]' }, capture: false }, { operationId }) },
      { ...move, run: () => registry.rollback(MODEL, { operationId, reason: operationId }) }
    ])
    say({ begun: operationId })
    try {
      const changed = await run()
      say(mayBeThere === true ? { told: operationId, outcome: 'unknown' } : { told: operationId, outcome: 'acknowledged', version: changed.version })
    } catch (error) {
      if (!isStemmaError(error)) throw error
      const isDone = error.code === 'COMMIT_UNKNOWN' || error.details['committed'] === true
      say({ told: operationId, outcome: isDone ? 'unknown' : 'refused', code: error.code })
    }
    if (Number(pauseMs) > 0) await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)))
  }
  await registry.close()
  say({ done: true })
}

void main()
